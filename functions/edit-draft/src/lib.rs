//! penstock-edit-draft.
