"""The chaos run: a seeded generator, a nemesis that breaks real processes, and a checker over the recorded history."""
