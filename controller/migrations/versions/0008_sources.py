"""What sources of warnings may release, who let them, and why a proposal was not released."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('cap_sources', schema=None) as batch_op:
        batch_op.add_column(sa.Column('releases_upto', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('releases_approved_by', sa.String(length=60), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('releases_approved_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('version', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('changed_by', sa.String(length=60), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('cap_proposals', schema=None) as batch_op:
        batch_op.add_column(sa.Column('held', sa.String(length=40), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('held_vi', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('held_en', sa.Text(), nullable=False, server_default=''))

    with op.batch_alter_table('alert_revisions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('by_source', sa.String(length=60), nullable=False, server_default=''))


def downgrade() -> None:
    with op.batch_alter_table('alert_revisions', schema=None) as batch_op:
        batch_op.drop_column('by_source')

    with op.batch_alter_table('cap_proposals', schema=None) as batch_op:
        batch_op.drop_column('held_en')
        batch_op.drop_column('held_vi')
        batch_op.drop_column('held')

    with op.batch_alter_table('cap_sources', schema=None) as batch_op:
        batch_op.drop_column('retired_at')
        batch_op.drop_column('changed_at')
        batch_op.drop_column('changed_by')
        batch_op.drop_column('version')
        batch_op.drop_column('releases_approved_at')
        batch_op.drop_column('releases_approved_by')
        batch_op.drop_column('releases_upto')
