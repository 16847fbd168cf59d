"""HOLDS AND SERVES: makes keys, gets SVIDs from a CA, keeps them fresh, serves them by SDS."""
