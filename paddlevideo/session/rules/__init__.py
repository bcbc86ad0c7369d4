"""What sessions do beyond the paper: one file a rule, named like its option, each on or off by that option.

A rule is a function of arrays, which hands back what it was given when it is off. It is called in one of four places:

    interaction.py    strokes become the label that the network is asked with, its answer's logits, and the reference
    propagation.py    where a frame is searched, and its logits
    composition.py    logits become masks
    history.py        how far rounds are carried and how they mix

A new rule is a field of `paddlevideo.session.options.SessionOptions` with a text below it, a file here, a call in one
of these places, a test in tests/session/rules, and the Chinese text in docs/zh-CN/config_terms.yaml;
``tools/config_reference.py`` makes the pages.
"""
