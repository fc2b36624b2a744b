//! How an [`Error`] prints: one line for people and logs, a report for debugging.

use std::fmt::{self, Debug, Display, Formatter, Write as _};

use super::{Error, StdError};

/// Prints text from outside with everything escaped that cannot be seen (control and format characters), so that no
/// subject or server message can break a log line, drive a terminal or turn the text around.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            // `escape_debug` knows what is not printable; quotes are.
            match character {
                '\'' | '"' | '\\' => f.write_char(character)?,
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        Ok(())
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if let Some(operation) = inner.operation {
            write!(f, "{operation}: ")?;
        }
        write!(f, "{} ({}", Escaped(&inner.message), inner.kind)?;
        for (key, value) in &inner.context {
            write!(f, ", {key}: {}", Escaped(value))?;
        }
        if let Some(code) = inner.broker_code {
            write!(f, ", code: {code}")?;
        }
        if inner.effect_unknown {
            f.write_str(", effect unknown")?;
        }
        f.write_char(')')?;
        if let Some(remedy) = &inner.remedy {
            write!(f, "; {}", Escaped(remedy))?;
        }
        Ok(())
    }
}

impl Debug for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        writeln!(f, "{self}")?;
        write!(f, "    retry: {:?}", inner.retry)?;
        let mut source = self.source();
        while let Some(cause) = source {
            write!(f, "\n    caused by: {}", Escaped(&cause.to_string()))?;
            source = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Error, ErrorKind};

    #[test]
    fn display_is_one_line_with_context_and_remedy() {
        let error = Error::new(ErrorKind::NotFound, "no such stream")
            .with_operation("open consumer")
            .with_context("stream", "RIDE\r\n\u{1b}[2J\u{202e}é\"")
            .with_broker_code(10059)
            .with_remedy("create the stream first");
        assert_eq!(
            error.to_string(),
            "open consumer: no such stream (not found, stream: RIDE\\r\\n\\u{1b}[2J\\u{202e}é\", code: 10059); \
             create the stream first"
        );
    }

    #[test]
    fn debug_reports_the_chain_of_causes() {
        let cause = Error::new(ErrorKind::Timeout, "no answer");
        let error = Error::new(ErrorKind::Unavailable, "cannot connect").with_source(cause);
        let report = format!("{error:?}");
        assert!(report.contains("retry: Later"), "{report}");
        assert!(report.contains("caused by: no answer (timeout)"), "{report}");
    }
}
