-- What staff find an order by: its contact, as the service folds it (services/chassis/words.py). In a table of its own,
-- since each update of an order would write the words into their index again.
CREATE TABLE order_words (
    order_id uuid     PRIMARY KEY REFERENCES orders (id) ON DELETE CASCADE,
    words    tsvector NOT NULL
);
CREATE INDEX order_words_by_word ON order_words USING gin (words);

-- An order that a version before this one places, or placed, has rule 0, and the service gives it its words.
ALTER TABLE orders ADD COLUMN words_rule smallint NOT NULL DEFAULT 0;
-- A new rule comes with a new index, for what is below it.
CREATE INDEX orders_without_words ON orders (id) WHERE words_rule < 1;
