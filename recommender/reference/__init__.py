"""What the data and the model looked like when it was trained, to which live traffic is compared.

It is kept in the bundle as plain counts, since a sketch holds random bits and a date, and the same
data, code and seed must give the same bytes.
"""

from recommender.reference.columns import COLUMNS, Column, column
from recommender.reference.histogram import CategoryCounts, Histogram, ReferenceColumn
from recommender.reference.profile import ReferenceProfile, summarize_error

__all__ = [
    "COLUMNS",
    "CategoryCounts",
    "Column",
    "Histogram",
    "ReferenceColumn",
    "ReferenceProfile",
    "column",
    "summarize_error",
]
