"""Volumes and what they hold: sizes kept, snapshots of a point in time, copies that are opened again."""
