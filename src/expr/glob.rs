//! stub
pub struct Fnmatch(String);
impl Fnmatch { pub fn new(s: &str) -> Self { Self(s.into()) } pub fn matches(&self, p: &str) -> bool { self.0 == p } }
pub struct IncludeGlob(String);
impl IncludeGlob { pub fn new(s: &str) -> Self { Self(s.into()) } pub fn matches(&self, p: &str) -> bool { self.0 == p } }
pub struct NameGlob(String);
impl NameGlob { pub fn new(s: &str) -> Self { Self(s.into()) } pub fn matches(&self, p: &str) -> bool { self.0 == p } }
