-- name: keep_words$
-- Make the words of events findable; how many events they were.
select campana.keep_words(:at_most);

-- name: matching_words
-- Which of these words answer a question.
select word from campana.matching_words(:sought, :words) word;
