"""The whole loop without hands: trained, served, drifted from, trained again, and not poisoned."""
