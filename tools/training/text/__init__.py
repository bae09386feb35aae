"""The text side of the trainer: the byte-level BPE tokenizer and the packing of documents into token arrays."""
