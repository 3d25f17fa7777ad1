"""Words that wait for an entry, searchable entries, those of one bulletin, templates as spoken."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('unread_words',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('area_id', sa.String(length=40), nullable=False),
    sa.Column('text', sa.String(length=100), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('example', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_unread_words_area_id_areas')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unread_words')),
    sa.UniqueConstraint('area_id', 'text', name=op.f('uq_unread_words_area_id'))
    )
    with op.batch_alter_table('unread_words', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_unread_words_area_id'), ['area_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_unread_words_key'), ['key'], unique=False)
    with op.batch_alter_table('pronunciations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('folded', sa.String(length=1000), nullable=False, server_default=''))
    with op.batch_alter_table('library_items', schema=None) as batch_op:
        batch_op.add_column(sa.Column('pronunciations', sa.JSON(), nullable=False, server_default='[]'))
    with op.batch_alter_table('alert_templates', schema=None) as batch_op:
        batch_op.add_column(sa.Column('spoken', sa.JSON(), nullable=False, server_default='{}'))


def downgrade() -> None:
    with op.batch_alter_table('alert_templates', schema=None) as batch_op:
        batch_op.drop_column('spoken')
    with op.batch_alter_table('library_items', schema=None) as batch_op:
        batch_op.drop_column('pronunciations')
    with op.batch_alter_table('pronunciations', schema=None) as batch_op:
        batch_op.drop_column('folded')
    op.drop_table('unread_words')
