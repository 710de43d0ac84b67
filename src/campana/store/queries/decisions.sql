-- Why a person was not contacted: every deferral and every skip of the gate, in order. Deferrals are written
-- with the deferral itself (due.sql, defer).

-- name: skip
-- In the transaction that finishes the target, or lets its flow go on without a message.
insert into target_decisions (workspace_id, target_id, kind, reason, first_at, last_at)
select workspace_id, id, 'skipped', %(reason)s, %(now)s, %(now)s from targets where id = %(target_id)s;

-- name: of_target
-- First to last; index target_decisions_latest.
select kind, reason, first_at, last_at, times, until from target_decisions
where target_id = %(target_id)s order by id;
