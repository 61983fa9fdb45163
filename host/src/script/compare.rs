//! Where two transcripts part: the first difference, in the form that a reader of patches knows.

/// Lines shown before the difference, and the most that are shown of either side.
const CONTEXT: usize = 3;
const SHOWN: usize = 12;
/// How far ahead the two sides are searched for a place where they agree again.
const HORIZON: usize = 60;

/// The first difference, or `None` if there is none. Blanks at line ends do not count.
pub fn first_difference(recorded: &str, now: &str) -> Option<String> {
    let left: Vec<&str> = recorded.lines().map(str::trim_end).collect();
    let right: Vec<&str> = now.lines().map(str::trim_end).collect();
    let same = left.iter().zip(&right).take_while(|(a, b)| a == b).count();
    if same == left.len() && same == right.len() {
        return None;
    }
    let (gone, come) = lengths(&left[same..], &right[same..]);
    let context = same.saturating_sub(CONTEXT);
    let mut out = vec![format!("@@ line {} @@", same + 1)];
    out.extend(left[context..same].iter().map(|line| format!(" {line}")));
    push(&mut out, '-', &left[same..same + gone]);
    push(&mut out, '+', &right[same..same + come]);
    out.extend(left[same + gone..].iter().take(1).map(|line| format!(" {line}")));
    Some(out.join("\n"))
}

fn push(out: &mut Vec<String>, sign: char, lines: &[&str]) {
    out.extend(lines.iter().take(SHOWN).map(|line| format!("{sign}{line}")));
    if lines.len() > SHOWN {
        out.push(format!("{sign}... {} more lines", lines.len() - SHOWN));
    }
}

/// How many lines of each side belong to the difference: up to the nearest place where both go on alike.
fn lengths(left: &[&str], right: &[&str]) -> (usize, usize) {
    for total in 1..HORIZON {
        for gone in 0..=total.min(left.len()) {
            let come = total - gone;
            if come <= right.len() && agree(&left[gone..], &right[come..]) {
                return (gone, come);
            }
        }
    }
    (left.len().min(HORIZON), right.len().min(HORIZON))
}

/// Two equal lines in a row, or an equal end.
fn agree(left: &[&str], right: &[&str]) -> bool {
    left.iter().take(2).eq(right.iter().take(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_transcripts_have_no_difference() {
        assert_eq!(first_difference("a\nb \n", "a\nb\n"), None);
    }

    #[test]
    fn a_changed_line_is_shown_with_what_is_around_it() {
        let shown = first_difference("a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nd\nX\nf\ng\n").unwrap();
        assert_eq!(shown, "@@ line 5 @@\n b\n c\n d\n-e\n+X\n f");
    }

    #[test]
    fn missing_and_additional_lines_are_told_apart() {
        assert_eq!(first_difference("a\nb\nc\nd\n", "a\nc\nd\n").unwrap(), "@@ line 2 @@\n a\n-b\n c");
        assert_eq!(first_difference("a\n", "a\nb\n").unwrap(), "@@ line 2 @@\n a\n+b");
    }

    #[test]
    fn long_differences_are_cut() {
        let long: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        assert!(first_difference("x", &long.join("\n")).unwrap().ends_with("+... 28 more lines"));
    }
}
