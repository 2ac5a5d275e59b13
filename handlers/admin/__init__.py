"""The pages of a tenant's administrators: one file per noun, all behind `@administers`.

`frame.py` draws what is around each of them, `forms.py` reads and answers their forms.
"""
