"""OrderTopics: what they ask for together, and what became of it."""
