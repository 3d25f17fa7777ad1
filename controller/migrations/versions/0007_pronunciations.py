"""Dictionary entries of areas."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('pronunciations',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('area_id', sa.String(length=40), nullable=False),
    sa.Column('written', sa.String(length=100), nullable=False),
    sa.Column('spoken', sa.String(length=300), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('note', sa.String(length=300), nullable=False),
    sa.Column('changed_by', sa.String(length=60), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_pronunciations_area_id_areas')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pronunciations')),
    sa.UniqueConstraint('area_id', 'written', name=op.f('uq_pronunciations_area_id'))
    )
    with op.batch_alter_table('pronunciations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_pronunciations_area_id'), ['area_id'], unique=False)


def downgrade() -> None:
    op.drop_table('pronunciations')
