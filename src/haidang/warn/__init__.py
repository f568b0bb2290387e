"""From consequences to words: what level, said how, to whom, and when is it over?"""
