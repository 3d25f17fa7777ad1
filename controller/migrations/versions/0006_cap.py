"""Warnings from outside (CAP)."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('cap_sources',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('area_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('is_open', sa.Boolean(), nullable=False),
    sa.Column('pinned', sa.Text(), nullable=False),
    sa.Column('stops_at_once', sa.Boolean(), nullable=False),
    sa.Column('hosts', sa.JSON(), nullable=False),
    sa.Column('poll_s', sa.Integer(), nullable=False),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.Column('etag', sa.Text(), nullable=False),
    sa.Column('last_modified', sa.Text(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('trouble_vi', sa.Text(), nullable=False),
    sa.Column('trouble_en', sa.Text(), nullable=False),
    sa.Column('created_by', sa.String(length=60), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_cap_sources_area_id_areas')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cap_sources'))
    )
    with op.batch_alter_table('cap_sources', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cap_sources_area_id'), ['area_id'], unique=False)

    op.create_table('cap_messages',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source_id', sa.String(length=40), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('identifier', sa.Text(), nullable=False),
    sa.Column('sender', sa.Text(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('msg_type', sa.Text(), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('why_vi', sa.Text(), nullable=False),
    sa.Column('why_en', sa.Text(), nullable=False),
    sa.Column('signature', sa.String(length=10), nullable=False),
    sa.Column('signer', sa.Text(), nullable=False),
    sa.Column('hazard', sa.String(length=30), nullable=True),
    sa.Column('level', sa.Integer(), nullable=True),
    sa.Column('headline', sa.Text(), nullable=False),
    sa.Column('is_for_us', sa.Boolean(), nullable=False),
    sa.Column('replaces', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['source_id'], ['cap_sources.id'], name=op.f('fk_cap_messages_source_id_cap_sources')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cap_messages')),
    sa.UniqueConstraint('source_id', 'digest', name=op.f('uq_cap_messages_source_id'))
    )
    with op.batch_alter_table('cap_messages', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cap_messages_received_at'), ['received_at'], unique=False)
        batch_op.create_index('ix_cap_messages_source_id_identifier', ['source_id', 'identifier'], unique=False)

    op.create_table('cap_proposals',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.Integer(), nullable=False),
    sa.Column('area_id', sa.String(length=40), nullable=False),
    sa.Column('action', sa.String(length=10), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('draft', sa.JSON(), nullable=False),
    sa.Column('clusters', sa.JSON(), nullable=False),
    sa.Column('alert_id', sa.String(length=40), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_by', sa.String(length=60), nullable=False),
    sa.ForeignKeyConstraint(['alert_id'], ['alerts.id'], name=op.f('fk_cap_proposals_alert_id_alerts')),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_cap_proposals_area_id_areas')),
    sa.ForeignKeyConstraint(['message_id'], ['cap_messages.id'], name=op.f('fk_cap_proposals_message_id_cap_messages')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cap_proposals'))
    )
    with op.batch_alter_table('cap_proposals', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cap_proposals_area_id'), ['area_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_cap_proposals_message_id'), ['message_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_cap_proposals_state'), ['state'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('cap_proposals', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_cap_proposals_state'))
        batch_op.drop_index(batch_op.f('ix_cap_proposals_message_id'))
        batch_op.drop_index(batch_op.f('ix_cap_proposals_area_id'))

    op.drop_table('cap_proposals')
    with op.batch_alter_table('cap_messages', schema=None) as batch_op:
        batch_op.drop_index('ix_cap_messages_source_id_identifier')
        batch_op.drop_index(batch_op.f('ix_cap_messages_received_at'))

    op.drop_table('cap_messages')
    with op.batch_alter_table('cap_sources', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_cap_sources_area_id'))

    op.drop_table('cap_sources')
