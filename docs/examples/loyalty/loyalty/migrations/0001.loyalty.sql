-- What each order is worth, by its newest version that was heard of.
CREATE TABLE order_points (
    order_id uuid PRIMARY KEY,
    customer_id text NOT NULL,
    version integer NOT NULL,
    points bigint NOT NULL CHECK (points >= 0)
);

CREATE INDEX order_points_of_customer ON order_points (customer_id);
