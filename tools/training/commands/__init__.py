"""mor-commands: the language, its generator, the phrasings written by hand, and the evaluation."""
