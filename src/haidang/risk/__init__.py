"""From signals to consequences: how strong, where, when, and who is in its way?"""
