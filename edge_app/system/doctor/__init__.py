"""`digitpad doctor`: diagnoses setup problems."""
