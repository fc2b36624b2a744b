//! JSON with line breaks, otherwise as it was written: numbers, the order of keys and escapes stay.

use serde::de::IgnoredAny;

/// `None` for what is no JSON.
pub(super) fn json(text: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut pretty = String::with_capacity(text.len() * 2);
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if in_string {
            pretty.push(character);
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match character {
            _ if is_between(character) => {}
            '"' => {
                in_string = true;
                pretty.push(character);
            }
            '{' | '[' => {
                while rest.next_if(|next| is_between(*next)).is_some() {}
                pretty.push(character);
                if let Some(end) = rest.next_if(|next| matches!(next, '}' | ']')) {
                    pretty.push(end);
                } else {
                    depth += 1;
                    new_line(&mut pretty, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut pretty, depth);
                pretty.push(character);
            }
            ',' => {
                pretty.push(character);
                new_line(&mut pretty, depth);
            }
            ':' => pretty.push_str(": "),
            _ => pretty.push(character),
        }
    }
    Some(pretty)
}

fn is_between(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

fn new_line(pretty: &mut String, depth: usize) {
    pretty.push('\n');
    pretty.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn lines_are_broken_and_nothing_else_changes() {
        let written = r#"{"z":1.10,"a":[ {}, [ ],"b, {c}: \"d\" \\"],"big":12345678901234567890123}"#;
        let pretty = json(written).unwrap();
        let expected = "{\n  \"z\": 1.10,\n  \"a\": [\n    {},\n    [],\n    \"b, {c}: \\\"d\\\" \\\\\"\n  ],\n  \
                        \"big\": 12345678901234567890123\n}";
        assert_eq!(pretty, expected);
        assert_eq!(json(&pretty).unwrap(), pretty, "what is pretty stays");
    }

    #[test]
    fn what_is_no_json_is_left_to_others() {
        for text in ["", "r-17", "{", "{\"a\":}", "[1,]", "{} {}"] {
            assert_eq!(json(text), None, "{text}");
        }
        assert_eq!(json("17").as_deref(), Some("17"));
    }
}
