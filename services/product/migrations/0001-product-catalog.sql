-- The catalog. Prices are integer minor units of the installation's one currency.

-- Splits on the same characters as the search words do, so that "KIT-001" is found by "kit" and by "001".
CREATE FUNCTION search_words(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN translate($1, '-_./\,:;@#+*=&%|''"()[]{}<>', repeat(' ', 26));

CREATE TABLE product (
    id uuid PRIMARY KEY,
    sku text NOT NULL CONSTRAINT product_sku_is_unique UNIQUE,
    name text NOT NULL,
    description text NOT NULL,
    category text NOT NULL,
    price_amount bigint NOT NULL CHECK (price_amount > 0),
    currency text NOT NULL,
    image_url text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'archived')),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    search tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', search_words(name)), 'A')
        || setweight(to_tsvector('english', search_words(sku)), 'A')
        || setweight(to_tsvector('english', search_words(category)), 'B')
        || setweight(to_tsvector('english', search_words(description)), 'C')
    ) STORED
);

CREATE INDEX product_by_name ON product (name, id) WHERE status = 'active';
CREATE INDEX product_by_category ON product (category, name, id) WHERE status = 'active';
CREATE INDEX product_search ON product USING gin (search);
