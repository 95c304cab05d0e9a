"""Reading, cleaning and splitting of ratings: one file per source format."""
