"""The training text of mor-stories, the runtime's built-in story teller."""
