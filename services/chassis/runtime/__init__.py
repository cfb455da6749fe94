"""What keeps a process going: tasks, repeated work, pauses, ids."""
