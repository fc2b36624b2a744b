//! One token of a transform's destination: [`Part`].

/// What a token of the destination stands for. Wildcards are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Literal(Box<str>),
    Wildcard(usize),
    /// Over these wildcards; over the whole subject without any.
    Partition {
        buckets: u32,
        wildcards: Vec<usize>,
    },
    Split {
        wildcard: usize,
        at: Box<str>,
    },
    Cut {
        wildcard: usize,
        cut: Cut,
        size: usize,
    },
}

/// How a token is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    SplitFromLeft,
    SplitFromRight,
    SliceFromLeft,
    SliceFromRight,
    Left,
    Right,
}

const CUTS: [(&str, Cut); 6] = [
    ("splitFromLeft", Cut::SplitFromLeft),
    ("splitFromRight", Cut::SplitFromRight),
    ("sliceFromLeft", Cut::SliceFromLeft),
    ("sliceFromRight", Cut::SliceFromRight),
    ("left", Cut::Left),
    ("right", Cut::Right),
];

impl Part {
    /// Reads a token; says what is wrong with it.
    pub(super) fn read(token: &str) -> Result<Self, String> {
        if let Some(number) = token.strip_prefix('$')
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Ok(Self::Wildcard(wildcard(number)?));
        }
        let Some(call) = token.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) else {
            if token.contains("{{") || token.contains("}}") {
                return Err(format!("`{token}` is not a function of its own"));
            }
            return Ok(Self::Literal(token.into()));
        };
        let call = call.trim();
        let (name, arguments) = call
            .split_once('(')
            .and_then(|(name, rest)| Some((name.trim_end(), rest.strip_suffix(')')?)))
            .ok_or_else(|| format!("`{token}` is not a call such as {{{{wildcard(1)}}}}"))?;
        let arguments: Vec<&str> = arguments.split(',').map(str::trim).collect();
        Self::of_call(name, &arguments).map_err(|reason| format!("`{token}`: {reason}"))
    }

    fn of_call(name: &str, arguments: &[&str]) -> Result<Self, String> {
        if is_named(name, "wildcard") {
            let [index] = arguments else {
                return Err("it takes the number of a wildcard".to_owned());
            };
            return Ok(Self::Wildcard(wildcard(index)?));
        }
        if is_named(name, "partition") {
            let [buckets, wildcards @ ..] = arguments else {
                return Err("it takes a number of partitions".to_owned());
            };
            let buckets = buckets
                .parse::<u32>()
                .ok()
                .filter(|buckets| *buckets > 0 && *buckets <= i32::MAX.unsigned_abs());
            let buckets = buckets.ok_or("the number of partitions is not between 1 and 2147483647")?;
            let wildcards = wildcards.iter().map(|index| wildcard(index)).collect::<Result<_, _>>()?;
            return Ok(Self::Partition { buckets, wildcards });
        }
        if is_named(name, "split") {
            let [index, at] = arguments else {
                return Err("it takes the number of a wildcard and a delimiter".to_owned());
            };
            if at.is_empty() || at.contains(char::is_whitespace) {
                return Err("the delimiter is empty or has a space".to_owned());
            }
            return Ok(Self::Split { wildcard: wildcard(index)?, at: (*at).into() });
        }
        let Some((_, cut)) = CUTS.iter().find(|(known, _)| is_named(name, known)) else {
            return Err("the function is not known".to_owned());
        };
        let [index, size] = arguments else {
            return Err("it takes the number of a wildcard and a size".to_owned());
        };
        let size = size.parse().ok().filter(|size| *size > 0 && *size <= MAX_SIZE);
        let size = size.ok_or("the size is not between 1 and 2147483647")?;
        Ok(Self::Cut { wildcard: wildcard(index)?, cut: *cut, size })
    }

    /// The wildcards that it needs.
    pub(super) fn wildcards(&self) -> &[usize] {
        match self {
            Self::Literal(_) => &[],
            Self::Partition { wildcards, .. } => wildcards,
            Self::Wildcard(wildcard) | Self::Split { wildcard, .. } | Self::Cut { wildcard, .. } => {
                std::slice::from_ref(wildcard)
            }
        }
    }
}

const MAX_SIZE: usize = 2_147_483_647;

/// The first letter and the inner capitals may be of either case, as for nats-server.
fn is_named(given: &str, name: &str) -> bool {
    given.len() == name.len()
        && given.chars().zip(name.chars()).enumerate().all(|(at, (given, known))| {
            if at == 0 || known.is_ascii_uppercase() {
                given.eq_ignore_ascii_case(&known)
            } else {
                given == known
            }
        })
}

/// The number of a wildcard, as it is written, from 1.
fn wildcard(text: &str) -> Result<usize, String> {
    text.parse::<usize>()
        .ok()
        .and_then(|number| number.checked_sub(1))
        .ok_or_else(|| "wildcards are counted from 1".to_owned())
}
