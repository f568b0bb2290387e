"""From facts to signals: is something unusual happening, or about to?"""
