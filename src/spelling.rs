//! Guesses which known name a misspelt one was meant to be.

/// The name in `known` that is closest to `name`: the one at the smallest edit distance
/// (Levenshtein 1966). Returns an empty string if `known` is empty.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> &'a str {
    known.into_iter().min_by_key(|known| edits(name, known)).unwrap_or("")
}

/// Fewest insertions, deletions and substitutions of one character that turn `a` into `b`.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    // More than 200 characters cannot be a misspelling of a known name, so the rest is ignored.
    for (i, ca) in a.chars().take(200).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_with_fewest_edits() {
        let known = ["noise", "voices", "unison"];
        assert_eq!(nearest("nosie", known), "noise");
        assert_eq!(nearest("voice", known), "voices");
        assert_eq!(nearest("anything", []), "");
        assert_eq!(edits("kitten", "sitting"), 3);
    }
}
