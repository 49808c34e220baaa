"""The parts that everything else stands on; imports nothing else of Plumbline."""
