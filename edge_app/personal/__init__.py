"""Personalisation: what the owner teaches and practises."""
