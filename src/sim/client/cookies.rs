//! The cookies of a client (RFC 6265), by a clock that is an argument.

use crate::{attachment::effective::CookiePrefix, meta::Authority};
use cookie::Cookie;
use http::{HeaderMap, HeaderValue, Uri, header::SET_COOKIE};
use std::{
    fmt,
    net::IpAddr,
    str::FromStr,
    time::{Duration, SystemTime},
};

/// What a client keeps of the cookies that it gets, and sends back.
///
/// It follows RFC 6265: domain, path, `Secure` and the end of each cookie count, `HttpOnly` and `SameSite` concern browsers
/// alone. Names that begin with `__Secure-` and `__Host-` ask for what RFC 6265bis says. There is no list of public suffixes: a cookie for a domain of one label is refused, one for `co.uk` is not.
///
/// As text it has the form of the `cookies.txt` that other clients read and write, such as curl.
///
/// ```
/// use gwapi::sim::CookieJar;
/// use std::time::{Duration, SystemTime};
///
/// let now = SystemTime::UNIX_EPOCH;
/// let mut jar = CookieJar::default();
/// let mut headers = http::HeaderMap::new();
/// headers.insert("set-cookie", http::HeaderValue::from_static("SID=abc; Max-Age=60"));
/// let url = http::Uri::from_static("http://shop.example/cart");
/// assert!(jar.store(&url, &headers, now).is_empty());
/// assert_eq!(jar.header(&url, now), Some(http::HeaderValue::from_static("SID=abc")));
/// assert_eq!(jar.header(&url, now + Duration::from_secs(60)), None);
/// let same: CookieJar = jar.to_string().parse()?;
/// assert_eq!(same, jar);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieJar {
    /// In the order in which they were first set.
    cookies: Vec<Kept>,
}

/// A cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    name: String,
    value: String,
    domain: String,
    /// Whether it is for the domain alone, and not for those below it.
    host_only: bool,
    path: String,
    secure: bool,
    http_only: bool,
    /// Without one it is kept until the client ends.
    expires: Option<SystemTime>,
}

/// A cookie that a client does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client drops the cookie `{name}`: {why}")]
pub struct RefusedCookie {
    name: String,
    why: String,
}

/// A line of a file of cookies that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} is not a cookie: expected domain, subdomains, path, secure, expiry, name and value with tabs between them, \
     as in the `cookies.txt` of curl"
)]
pub struct CookieFileError {
    line: usize,
}

/// The first line of a file of cookies.
const HEADING: &str = "# Netscape HTTP Cookie File";
/// Before a cookie that scripts do not see.
const HTTP_ONLY: &str = "#HttpOnly_";

impl CookieJar {
    /// How many cookies there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cookies.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }

    /// The `Cookie` header of a request: those of longer paths first, then those that were set earlier (RFC 6265, section 5.4).
    #[must_use]
    pub fn header(&self, url: &Uri, now: SystemTime) -> Option<HeaderValue> {
        let host = host(url)?;
        let sent = |cookie: &&Kept| {
            let of_host = match cookie.host_only {
                true => cookie.domain == host,
                false => is_within(&host, &cookie.domain),
            };
            of_host
                && path_matches(url.path(), &cookie.path)
                && (!cookie.secure || is_secure(url))
                && cookie.expires.is_none_or(|end| now < end)
        };
        let mut cookies: Vec<&Kept> = self.cookies.iter().filter(sent).collect();
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs = cookies.iter();
        let pairs: Vec<_> = pairs
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        if pairs.is_empty() {
            return None;
        }
        HeaderValue::from_str(&pairs.join("; ")).ok()
    }

    /// Takes the cookies of a response to a request for this URL. Returns those that the client does not take.
    pub fn store(
        &mut self,
        url: &Uri,
        response: &HeaderMap,
        now: SystemTime,
    ) -> Vec<RefusedCookie> {
        let mut refused = Vec::new();
        self.cookies
            .retain(|cookie| cookie.expires.is_none_or(|end| now < end));
        for line in response.get_all(SET_COOKIE) {
            match read(url, line, now) {
                Ok((cookie, ended)) => self.put(cookie, ended),
                Err(why) => refused.push(why),
            }
        }
        refused
    }

    fn put(&mut self, cookie: Kept, ended: bool) {
        let same = |other: &Kept| {
            (&other.name, &other.domain, &other.path)
                == (&cookie.name, &cookie.domain, &cookie.path)
        };
        match self.cookies.iter().position(same) {
            Some(place) if ended => {
                self.cookies.remove(place);
            }
            Some(place) => {
                if let Some(before) = self.cookies.get_mut(place) {
                    *before = cookie;
                }
            }
            None if ended => {}
            None => self.cookies.push(cookie),
        }
    }
}

/// The cookie of a line, and whether it has ended already: so cookies are deleted.
fn read(url: &Uri, line: &HeaderValue, now: SystemTime) -> Result<(Kept, bool), RefusedCookie> {
    let text = String::from_utf8_lossy(line.as_bytes());
    let named = text.split(['=', ';']).next().unwrap_or_default().trim();
    let refused = |why: &str| RefusedCookie {
        name: named.to_owned(),
        why: why.to_owned(),
    };
    let host = host(url).ok_or_else(|| refused("the URL names no host"))?;
    let cookie = Cookie::parse(&*text).map_err(|error| refused(&error.to_string()))?;
    if text.contains(|c: char| c.is_control()) {
        return Err(refused("it has a control character"));
    }
    let secure = cookie.secure().unwrap_or_default();
    if secure && !is_secure(url) {
        return Err(refused(
            "it is `Secure`, and the response came in cleartext",
        ));
    }
    // A dot at the beginning says nothing (RFC 6265, section 5.2.3).
    let domain = cookie.domain().map(str::to_ascii_lowercase);
    let domain = domain.filter(|domain| !domain.is_empty());
    let (domain, host_only) = match domain {
        None => (host, true),
        Some(domain) if domain == host => (domain, host.parse::<IpAddr>().is_ok()),
        Some(domain) if !domain.contains('.') || !is_within(&host, &domain) => {
            return Err(refused(&format!(
                "it is for the domain `{domain}`, and the response is of `{host}`"
            )));
        }
        Some(domain) => (domain, false),
    };
    let path = match cookie.path() {
        Some(path) if path.starts_with('/') => path.to_owned(),
        _ => default_path(url.path()).to_owned(),
    };
    let names_domain = cookie.domain().is_some_and(|domain| !domain.is_empty());
    match CookiePrefix::of(cookie.name()) {
        Some(_) if !secure => {
            return Err(refused(
                "its name asks for `Secure`, which it does not have",
            ));
        }
        Some(CookiePrefix::Host) if names_domain => {
            return Err(refused(
                "its name begins with `__Host-`, and it names a domain",
            ));
        }
        Some(CookiePrefix::Host) if cookie.path() != Some("/") => {
            return Err(refused(
                "its name begins with `__Host-`, and its path is not `/`",
            ));
        }
        Some(CookiePrefix::Host | CookiePrefix::Secure) | None => {}
    }
    let expires = match cookie.max_age() {
        Some(age) => Some(after(now, age.whole_seconds())),
        None => cookie.expires_datetime().map(|end| {
            let seconds = end.unix_timestamp();
            after(SystemTime::UNIX_EPOCH, seconds)
        }),
    };
    let ended = expires.is_some_and(|end| end <= now);
    let kept = Kept {
        name: cookie.name().to_owned(),
        value: cookie.value().to_owned(),
        domain,
        host_only,
        path,
        secure,
        http_only: cookie.http_only().unwrap_or_default(),
        expires,
    };
    Ok((kept, ended))
}

/// A time so many seconds later, or earlier; the epoch if there is no such time.
fn after(time: SystemTime, seconds: i64) -> SystemTime {
    let by = Duration::from_secs(seconds.unsigned_abs());
    let moved = match seconds < 0 {
        true => time.checked_sub(by),
        false => time.checked_add(by),
    };
    moved.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// The host of a URL, in lower case, without a dot at its end.
fn host(url: &Uri) -> Option<String> {
    let authority: Authority = url.authority()?.as_str().parse().ok()?;
    Some(authority.host().to_owned())
}

fn is_secure(url: &Uri) -> bool {
    matches!(url.scheme_str(), Some("https"))
}

/// Whether a host is a domain or below it (RFC 6265, section 5.1.3).
fn is_within(host: &str, domain: &str) -> bool {
    let below = host.strip_suffix(domain);
    below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
        && (host == domain || host.parse::<IpAddr>().is_err())
}

/// Whether a cookie of this path is for that path (RFC 6265, section 5.1.4).
fn path_matches(path: &str, of_cookie: &str) -> bool {
    path.strip_prefix(of_cookie)
        .is_some_and(|rest| rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'))
}

/// The path of a cookie that names none: the folder of what was asked for (RFC 6265, section 5.1.4).
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(end) => path.get(..end).unwrap_or("/"),
    }
}

impl fmt::Display for CookieJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADING}")?;
        let flag = |flag| if flag { "TRUE" } else { "FALSE" };
        for cookie in &self.cookies {
            let (http_only, dot) = (
                if cookie.http_only { HTTP_ONLY } else { "" },
                if cookie.host_only { "" } else { "." },
            );
            let expires = cookie.expires.map_or(0, |end| {
                let since = end.duration_since(SystemTime::UNIX_EPOCH);
                // 0 stands for none.
                since.map_or(1, |since| since.as_secs().max(1))
            });
            writeln!(
                f,
                "{http_only}{dot}{}\t{}\t{}\t{}\t{expires}\t{}\t{}",
                cookie.domain,
                flag(!cookie.host_only),
                cookie.path,
                flag(cookie.secure),
                cookie.name,
                cookie.value
            )?;
        }
        Ok(())
    }
}

impl FromStr for CookieJar {
    type Err = CookieFileError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut jar = Self::default();
        for (index, line) in text.lines().enumerate() {
            let (http_only, rest) = match line.strip_prefix(HTTP_ONLY) {
                Some(rest) => (true, rest),
                None => (false, line),
            };
            if rest.trim().is_empty() || (!http_only && rest.starts_with('#')) {
                continue;
            }
            let cookie = cookie_of_line(rest, http_only);
            let line = index + 1;
            jar.put(cookie.ok_or(CookieFileError { line })?, false);
        }
        Ok(jar)
    }
}

fn cookie_of_line(line: &str, http_only: bool) -> Option<Kept> {
    let flag = |text: &str| match text {
        "TRUE" => Some(true),
        "FALSE" => Some(false),
        _ => None,
    };
    let fields: Vec<&str> = line.split('\t').collect();
    let [domain, below, path, secure, expires, name, value] = fields.try_into().ok()?;
    let expires = match expires.parse().ok()? {
        0 => None,
        seconds => Some(SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?),
    };
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let fits = !domain.is_empty() && !name.is_empty() && path.starts_with('/');
    let kept = Kept {
        name: name.to_owned(),
        value: value.to_owned(),
        domain: domain.to_ascii_lowercase(),
        host_only: !flag(below)?,
        path: path.to_owned(),
        secure: flag(secure)?,
        http_only,
        expires,
    };
    fits.then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn uri(url: &str) -> Uri {
        url.parse().unwrap()
    }

    fn jar(url: &str, lines: &[&str]) -> (CookieJar, Vec<RefusedCookie>) {
        let mut jar = CookieJar::default();
        let refused = jar.store(&uri(url), &headers(lines), NOW);
        (jar, refused)
    }

    fn headers(lines: &[&str]) -> HeaderMap {
        let lines = lines.iter().map(|line| (SET_COOKIE, line.parse().unwrap()));
        lines.collect()
    }

    fn sent(jar: &CookieJar, url: &str) -> String {
        let header = jar.header(&uri(url), NOW);
        header.map_or_else(String::new, |header| header.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_cookie_goes_to_its_host_and_path_and_those_of_longer_paths_go_first() {
        let lines = [
            "a=1",
            "b=2; Path=/cart",
            "c=3; Path=/cart/",
            "d=4; Path=/other",
        ];
        let (jar, refused) = jar("http://shop.example/cart/items", &lines);
        assert_eq!(refused, []);
        for (url, cookies) in [
            ("http://shop.example/cart/items", "c=3; a=1; b=2"),
            ("http://SHOP.example:8080/cart", "a=1; b=2"),
            ("http://shop.example/cartoon", ""),
            ("http://shop.example/", ""),
            ("http://a.shop.example/cart", ""),
            ("http://other.example/cart", ""),
        ] {
            assert_eq!(sent(&jar, url), cookies, "{url}");
        }
    }

    /// RFC 6265bis, "Cookie Name Prefixes".
    #[test]
    fn the_beginning_of_a_name_asks_for_what_the_cookie_has_to_have() {
        let all = [
            "__Host-a=1; Secure; Path=/",
            "__Secure-b=1; Secure",
            "__secure-c=1",
            "__Host-d=1; Path=/",
            "__HOST-e=1; Secure",
            "__Host-f=1; Secure; Path=/cart",
            "__Host-g=1; Secure; Path=/; Domain=www.shop.example",
            "__Hostess=1",
        ];
        let (over_tls, refused) = jar("https://www.shop.example/", &all);
        let url = "https://www.shop.example/";
        assert_eq!(
            sent(&over_tls, url),
            "__Host-a=1; __Secure-b=1; __Hostess=1"
        );
        assert_eq!(refused.len(), 5, "{refused:?}");
        let (cleartext, refused) = jar("http://www.shop.example/", &all);
        assert_eq!(sent(&cleartext, url), "__Hostess=1");
        assert_eq!(refused.len(), 7, "{refused:?}");
        assert_eq!(
            refused[2].to_string(),
            "the client drops the cookie `__secure-c`: its name asks for `Secure`, which it does not have"
        );
    }

    #[test]
    fn a_domain_covers_the_hosts_below_it_and_nobody_sets_cookies_for_others() {
        let (jar, refused) = jar(
            "http://www.shop.example/",
            &[
                "a=1; Domain=shop.example",
                "b=2; Domain=.www.shop.example",
                "c=3; Domain=other.example",
                "d=4; Domain=example",
                "e=5; Domain=hop.example",
            ],
        );
        assert_eq!(sent(&jar, "http://www.shop.example/"), "a=1; b=2");
        assert_eq!(sent(&jar, "http://api.shop.example/"), "a=1");
        assert_eq!(sent(&jar, "http://shop.example/"), "a=1");
        assert_eq!(sent(&jar, "http://myshop.example/"), "");
        assert_eq!(refused.len(), 3, "{refused:?}");
        assert_eq!(
            refused[0].to_string(),
            "the client drops the cookie `c`: it is for the domain `other.example`, and the response is of `www.shop.example`"
        );
        let (address, refused) = super::tests::jar("http://10.0.0.1/", &["a=1; Domain=0.0.1"]);
        assert_eq!((address.len(), refused.len()), (0, 1));
    }

    #[test]
    fn a_secure_cookie_comes_and_goes_over_tls_alone() {
        let (jar, _) = jar("https://shop.example/", &["a=1; Secure", "b=2"]);
        assert_eq!(sent(&jar, "https://shop.example/"), "a=1; b=2");
        assert_eq!(sent(&jar, "http://shop.example/"), "b=2");
        let (jar, refused) = super::tests::jar("http://shop.example/", &["a=1; Secure"]);
        assert!(jar.is_empty());
        let said =
            "the client drops the cookie `a`: it is `Secure`, and the response came in cleartext";
        assert_eq!(refused[0].to_string(), said);
    }

    #[test]
    fn max_age_goes_before_expires_and_a_cookie_that_has_ended_is_deleted() {
        let url = "http://shop.example/";
        let later = "Expires=Thu, 01 Jan 1970 00:01:00 GMT";
        let lines = [format!("a=1; Max-Age=10; {later}"), format!("b=2; {later}")];
        let (mut jar, _) = jar(url, &[&lines[0], &lines[1], "c=3"]);
        let at = |jar: &CookieJar, seconds| {
            let header = jar.header(&uri(url), NOW + Duration::from_secs(seconds));
            header.unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(at(&jar, 9), "a=1; b=2; c=3");
        assert_eq!(at(&jar, 10), "b=2; c=3");
        assert_eq!(at(&jar, 60), "c=3");
        jar.store(
            &uri(url),
            &headers(&["c=; Max-Age=0", "b=5; Max-Age=-1"]),
            NOW,
        );
        assert_eq!(at(&jar, 0), "a=1");
        // What has ended is not kept either, and a cookie that comes after its end never is.
        jar.store(&uri(url), &HeaderMap::new(), NOW + Duration::from_secs(9));
        assert_eq!(jar.len(), 1);
        let ten = NOW + Duration::from_secs(10);
        jar.store(&uri(url), &headers(&["d=1; Max-Age=0"]), ten);
        assert!(jar.is_empty(), "{jar}");
    }

    #[test]
    fn a_cookie_that_is_set_again_keeps_its_place() {
        let (mut jar, _) = jar("http://shop.example/", &["a=1", "b=2"]);
        jar.store(&uri("http://shop.example/"), &headers(&["a=3"]), NOW);
        assert_eq!(sent(&jar, "http://shop.example/"), "a=3; b=2");
    }

    #[test]
    fn a_jar_is_read_as_it_was_written_and_a_line_that_is_none_is_named() {
        let (mut jar, _) = jar(
            "https://www.shop.example/cart/",
            &[
                "a=1; Domain=shop.example; Max-Age=90; HttpOnly",
                "b=x=y; Secure",
            ],
        );
        assert_eq!(
            jar.to_string(),
            "# Netscape HTTP Cookie File\n\
             #HttpOnly_.shop.example\tTRUE\t/cart\tFALSE\t90\ta\t1\n\
             www.shop.example\tFALSE\t/cart\tTRUE\t0\tb\tx=y\n"
        );
        assert_eq!(jar.to_string().parse(), Ok(jar.clone()));
        jar.cookies.clear();
        assert_eq!(jar.to_string().parse(), Ok(jar));
        for bad in [
            "a b c",
            "h\tNO\t/\tFALSE\t0\ta\t1",
            "h\tTRUE\t/\tFALSE\tx\ta\t1",
            "\tTRUE\t/\tFALSE\t0\ta\t1",
        ] {
            let read: Result<CookieJar, _> = format!("# any\n\n{bad}\n").parse();
            assert_eq!(read, Err(CookieFileError { line: 3 }), "{bad}");
        }
    }
}
