from sqlalchemy import select

from edgeguard.fleet.store import alarm_queue, alarms, tables
from tests.fleet.small_fleet import fill


def test_alarms_are_counted_by_status_and_the_newest_is_known(database):
    with database.reading() as connection:
        assert alarm_queue.state(connection) == alarm_queue.QueueState(0, 0, 0, 0)
    fill(database)
    with database.reading() as connection:
        found = alarm_queue.state(connection)
        ids = connection.execute(select(tables.alarms.c.id)).scalars().all()
        assert found.newest_id == max(ids)
        for status in alarms.STATUSES:
            assert getattr(found, status) == alarms.alarms(connection, status=status).total
