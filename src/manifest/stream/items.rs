//! The items of a list, one after the other.

use super::state::{InList, ItemsLeft, ObjectStream, StreamState};
#[cfg(feature = "yaml")]
use crate::manifest::yaml;
use crate::manifest::{
    Place, ReadError,
    json::Scanner,
    list::{self, Inherited},
    outline,
};
use std::io::Read;

impl<R: Read> ObjectStream<R> {
    pub(super) fn begin_list(
        &mut self,
        place: Place,
        length: usize,
        around: &serde_json::Value,
        items: ItemsLeft,
    ) {
        let duplicates = self.reader.take_duplicates();
        list::tell_duplicates(&mut self.pending, place, around, duplicates);
        self.document += 1;
        self.state = StreamState::InList(InList {
            place,
            length,
            inherited: Inherited::of(around),
            index: 0,
            items,
        });
    }

    /// Reads the next item of a list.
    pub(super) fn item(&mut self, mut list: InList) {
        self.reader.begin();
        let (start, read) = match &mut list.items {
            ItemsLeft::Json { at, position } => {
                let text = self.feed.first(list.length);
                let mut scanner = Scanner::new(text, *at, *position);
                scanner.skip_whitespace();
                if scanner.peek() == Some(b',') {
                    scanner.at += 1;
                    scanner.skip_whitespace();
                }
                if scanner.peek().is_none_or(|byte| byte == b']') {
                    return self.end_list(list.length);
                }
                let (begin, start) = (scanner.at, scanner.here());
                let read = scanner.value(&mut self.reader, 2);
                if read.is_ok() {
                    (*at, *position) = (scanner.at, scanner.here());
                } else {
                    // The whole list has been walked over, so that this finds the end of the item.
                    let limits = self.options.limits;
                    let walked =
                        outline::walk(&mut self.feed, begin, limits.max_depth, list.length);
                    let end = walked.map_or(list.length, |found| found.length);
                    let item = self.feed.first(end).get(begin..).unwrap_or_default();
                    (*at, *position) = (end, start.after(item));
                }
                (start, read)
            }
            #[cfg(feature = "yaml")]
            ItemsLeft::Yaml(items) => {
                let Some(item) = items.next() else {
                    return self.end_list(list.length);
                };
                let (document, start) = item.document(self.feed.first(list.length));
                yaml::read(&document, start, &mut self.reader)
            }
        };
        let duplicates = self.reader.take_duplicates();
        let mut place = Place {
            item: Some(list.index),
            position: start,
            ..list.place
        };
        list.index += 1;
        match read {
            Ok(tree) => {
                place.position = tree.mark.value;
                let inherited = &list.inherited;
                list::deliver_item(&mut self.pending, place, tree, duplicates, inherited);
            }
            Err(error) => {
                let error = ReadError::syntax(place, error);
                self.pending.push_back(Err(error));
            }
        }
        self.state = StreamState::InList(list);
    }

    fn end_list(&mut self, length: usize) {
        self.feed.consume(length);
        self.state = StreamState::Between { after_json: true };
    }
}
