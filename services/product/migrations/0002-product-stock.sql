-- Per product: on_hand + reserved + sold = the sum of its stock moves. Hot rows, so apart from the catalog and with room
-- to be updated in place.
CREATE TABLE stock (
    product_id uuid PRIMARY KEY REFERENCES product,
    on_hand bigint NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    sold bigint NOT NULL DEFAULT 0 CHECK (sold >= 0)
) WITH (fillfactor = 50);

-- Adjustments made by people; the seed is one.
CREATE TABLE stock_move (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES product,
    delta bigint NOT NULL CHECK (delta <> 0),
    reason text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX stock_move_by_product ON stock_move (product_id, created_at DESC, id DESC);

-- One row per order is the natural key that makes every stock command act once.
CREATE TABLE reservation (
    order_id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('reserved', 'committed', 'released', 'tombstone', 'refused')),
    lines jsonb NOT NULL,
    total_amount bigint,
    currency text,
    reason text,
    detail text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
