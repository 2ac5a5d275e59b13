"""The pages of sales: what there is, the forms that make one, what becomes of it."""
