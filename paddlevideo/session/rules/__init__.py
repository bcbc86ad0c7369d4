"""What sessions do beyond the paper: one file a rule, each on or off by one option."""
