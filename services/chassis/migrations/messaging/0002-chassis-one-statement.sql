-- A row whose message nobody waits for is patient: relays gather such rows. All others are sent by whoever committed
-- them, and a relay looks after those only that are left. A release that knows nothing of it leaves all to the relays.
ALTER TABLE outbox ADD COLUMN patient boolean NOT NULL DEFAULT true;
-- Whether an earlier message of the same key still waits is asked with each insertion.
CREATE INDEX outbox_by_key ON outbox (key);

-- Ends a statement that rests on what another transaction has changed meanwhile.
CREATE FUNCTION must_hold(condition boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF condition IS NOT TRUE THEN
        RAISE EXCEPTION 'changed meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN true;
END $$;
