CREATE TABLE heard (n int);
