"""What is told of a volume that was filled."""

from plumbline.components.volumes.filled import MIB, Filled


def test_a_full_volume_says_so() -> None:
    assert str(Filled(50 * MIB, "ENOSPC", 56 * MIB)) == "took 50.0 MiB then said ENOSPC (file system of 56.0 MiB)"


def test_a_volume_without_bounds_gives_itself_away() -> None:
    told = str(Filled(128 * MIB, "", 9000 * MIB))

    assert told == "took 128.0 MiB and would have taken more (file system of 9000.0 MiB)"
