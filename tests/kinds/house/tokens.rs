//! The words and signs of a source.

/// The words and signs of a source, without comments, literals, lifetimes, and the scopes of `pub(…)`.
pub(super) fn tokens(source: &str) -> Vec<String> {
    let text: Vec<char> = source.chars().collect();
    let at = |index: usize| text.get(index).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens: Vec<String> = Vec::new();
    let mut i = 0;
    while i < text.len() {
        let raw = |from: usize| {
            let signs = (from..).take_while(|j| at(*j) == '#').count();
            (at(from + signs) == '"').then_some(signs)
        };
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < text.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                i += 2;
                while i < text.len() && (at(i), at(i + 1)) != ('*', '/') {
                    i += 1;
                }
                i += 2;
            }
            'r' if !is_word(if i > 0 { at(i - 1) } else { ' ' }) && raw(i + 1).is_some() => {
                let signs = raw(i + 1).unwrap_or_default();
                i += signs + 2;
                let ends = |i: usize| at(i) == '"' && (1..=signs).all(|j| at(i + j) == '#');
                while i < text.len() && !ends(i) {
                    i += 1;
                }
                i += signs + 1;
            }
            '"' => {
                i += 1;
                while i < text.len() && at(i) != '"' {
                    i += if at(i) == '\\' { 2 } else { 1 };
                }
                i += 1;
            }
            '\'' if at(i + 1) == '\\' => {
                i += 3;
                while i < text.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
            }
            '\'' if at(i + 2) == '\'' => i += 3,
            '\'' => {
                i += 1;
                while is_word(at(i)) {
                    i += 1;
                }
            }
            c if is_word(c) => {
                let start = i;
                while is_word(at(i)) {
                    i += 1;
                }
                tokens.push(text[start..i].iter().collect());
            }
            ':' if at(i + 1) == ':' => {
                tokens.push("::".to_owned());
                i += 2;
            }
            c if c.is_whitespace() => i += 1,
            c => {
                tokens.push(c.to_string());
                i += 1;
            }
        }
    }
    let mut kept: Vec<String> = Vec::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        let is_scope = token == "pub" && rest.peek().is_some_and(|next| next == "(");
        kept.push(token);
        if is_scope {
            rest.by_ref().find(|token| token == ")");
        }
    }
    kept
}

/// The same without what is for tests only, and the modules that are.
pub(super) fn without_tests(tokens: &[String]) -> (Vec<String>, Vec<String>) {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < tokens.len() {
        if !tokens[i..].iter().take(TEST.len()).eq(TEST.iter()) {
            kept.push(tokens[i].clone());
            i += 1;
            continue;
        }
        i += TEST.len();
        let start = i;
        let mut depth = 0;
        let mut in_signs = 0;
        let is_use = tokens[i..]
            .iter()
            .find(|t| *t != "pub")
            .is_some_and(|t| t == "use");
        while i < tokens.len() {
            match tokens[i].as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                "(" | "[" => in_signs += 1,
                ")" | "]" => in_signs -= 1,
                _ => {}
            }
            i += 1;
            let ends = match tokens[i - 1].as_str() {
                ";" => depth == 0 && in_signs == 0,
                "}" => depth == 0 && in_signs == 0 && !is_use,
                // The end of a field or a value.
                "," => depth == 0 && in_signs == 0,
                _ => depth < 0,
            };
            if ends {
                break;
            }
        }
        if let Some(place) = tokens[start..i].iter().position(|token| token == "mod")
            && tokens
                .get(start + place + 2)
                .is_some_and(|token| token == ";")
        {
            modules.push(tokens[start + place + 1].clone());
        }
    }
    (kept, modules)
}
