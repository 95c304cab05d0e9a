"""Events, served lists, erasures, and the counter that orders them."""

import sqlalchemy as sa
from alembic import op

from events.tables import UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _make_counter()
    _make_events()
    _make_served()
    op.create_table(
        "erasures",
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("erased_at", UtcTime, nullable=False),
    )


def _make_counter() -> None:
    counter = op.create_table(
        "counter",
        sa.Column(
            "id",
            sa.Integer,
            sa.CheckConstraint("id = 1"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("last", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(counter, [{"id": 1, "last": 0}])


def _make_events() -> None:
    op.create_table(
        "events",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("event_id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("movie_id", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Float(53)),
        sa.Column("recommendation_id", sa.String(128)),
        sa.Column("position", sa.Integer),
        sa.Column("in_history", sa.Boolean, nullable=False),
        sa.Column("occurred_at", UtcTime, nullable=False),
        sa.Column("received_at", UtcTime, nullable=False),
    )
    op.create_index("events_event_id", "events", ["event_id"], unique=True)
    op.create_index("events_of_user", "events", ["user_id", "in_history", "sequence"])


def _make_served() -> None:
    op.create_table(
        "served",
        sa.Column("recommendation_id", sa.String(128), primary_key=True),
        sa.Column("served_at", UtcTime, nullable=False),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("model_version", sa.String(128)),
        sa.Column("bundle_digest", sa.String(64)),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("watermark", sa.BigInteger, nullable=False),
        sa.Column("items", sa.Text, nullable=False),
    )
    op.create_index("served_of_user", "served", ["user_id", "served_at"])
    op.create_index("served_by_time", "served", ["served_at"])


def downgrade() -> None:
    """Remove the tables."""
    for table in ("erasures", "served", "events", "counter"):
        op.drop_table(table)
