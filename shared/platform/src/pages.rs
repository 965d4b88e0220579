//! Pages of lists: one item more is read than shown, so that the last page is known to be the last.

/// Some of a list, and whether there is more after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What is shown.
    pub items: Vec<T>,
    /// Whether more comes after the last of them.
    pub more: bool,
}

impl<T> Page<T> {
    /// What the next page comes after; nothing on the last page.
    pub fn next(&self) -> Option<&T> {
        self.items.last().filter(|_| self.more)
    }
}

/// A page of `limit` from up to one more item than that; `more` when the store stopped early.
pub(crate) fn cut<T>(mut items: Vec<T>, limit: u32, more: bool) -> Page<T> {
    let limit = limit as usize;
    let beyond = items.len() > limit;
    items.truncate(limit);
    Page { items, more: more || beyond }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_is_known_to_be_the_last() {
        assert_eq!(cut(vec![1, 2], 2, false), Page { items: vec![1, 2], more: false });
        assert_eq!(cut(vec![1, 2, 3], 2, true), Page { items: vec![1, 2], more: true });
        assert_eq!(cut(vec![1], 2, true), Page { items: vec![1], more: true });
    }
}
