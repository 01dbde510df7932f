"""Backups of a company's database: made while it is served, read only when whole, and the database looked over."""
