-- What products are found by, as the service folds it (services/chassis/words.py). A row that a version before this one
-- writes, or wrote, has rule 0, and the service gives it its words; so does a later rule with the rows of an earlier one.
-- `search` stays: its English stems are among the words. Its index serves versions before this one, until none is left.
ALTER TABLE product ADD COLUMN words tsvector, ADD COLUMN words_rule smallint NOT NULL DEFAULT 0;

CREATE INDEX product_words ON product USING gin (words);
CREATE INDEX product_words_rule ON product (words_rule);
