"""Who listened to what, for programmes too; how each area has its texts read."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

COLUMNS = 'person_id, sha256, about, login, at'


def upgrade() -> None:
    make_hearings('hearings')
    op.execute(f'INSERT INTO hearings ({COLUMNS}) SELECT {COLUMNS} FROM alert_hearings')  # noqa: S608 - names of ours
    op.drop_table('alert_hearings')
    op.create_table('area_readings',
    sa.Column('area_id', sa.String(length=40), nullable=False),
    sa.Column('voice', sa.String(length=60), nullable=True),
    sa.Column('speed', sa.Integer(), nullable=True),
    sa.Column('pitch', sa.Integer(), nullable=True),
    sa.Column('region', sa.String(length=10), nullable=True),
    sa.Column('thousand', sa.String(length=10), nullable=True),
    sa.Column('empty_tens', sa.String(length=10), nullable=True),
    sa.Column('early_day', sa.String(length=10), nullable=True),
    sa.Column('changed_by', sa.String(length=60), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_area_readings_area_id_areas')),
    sa.PrimaryKeyConstraint('area_id', name=op.f('pk_area_readings'))
    )


def downgrade() -> None:
    op.drop_table('area_readings')
    make_hearings('alert_hearings')
    op.execute(f'INSERT INTO alert_hearings ({COLUMNS}) SELECT {COLUMNS} FROM hearings')  # noqa: S608 - names of ours
    op.drop_table('hearings')


def make_hearings(name: str) -> None:
    op.create_table(name,
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('about', sa.String(length=40), nullable=False),
    sa.Column('login', sa.String(length=60), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f(f'fk_{name}_person_id_people')),
    sa.PrimaryKeyConstraint('person_id', 'sha256', 'about', name=op.f(f'pk_{name}'))
    )
