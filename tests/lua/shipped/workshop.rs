//! A workshop with generated rows, all of which are as they should be.
//!
//! Leaves to others: making some of them wrong; [`damage`] is what lets them.
//!
//! Invariants: names, addresses and numbers of clients are all different, and none is part of another.

use std::fmt::Write;

use super::*;
use crate::concurrency::next;

/// 1 January 2025.
pub(super) const START: u64 = 1_735_689_600_000;
pub(super) const DAY: u64 = 86_400_000;

const FIRST: [&str; 6] = ["Ada", "Grace", "Élise", "Jean-Luc", "Zoë", "Barbara"];
const LAST: [&str; 5] = ["Lovelace", "Hopper", "O'Neill", "Picard", "Liskov"];

pub(super) struct Workshop {
    pub(super) scratch: Scratch,
    pub(super) clients: u64,
}

/// One statement after the other, on a connection that checks neither foreign keys nor CHECKs.
pub(super) fn damage(scratch: &Scratch, sql: &str) {
    let raw = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    raw.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").expect("relaxes");
    raw.execute_batch(&format!("BEGIN; {sql}; COMMIT")).expect(sql);
}

/// Name, address, number as typed, and as E.164.
pub(super) fn person(number: u64) -> (String, String, String, String) {
    let first = FIRST[(number % 6) as usize];
    let last = LAST[(number % 5) as usize];
    let (a, b) = (10 + number / 90, 10 + number % 90);
    let name = format!("{first} {last} {number:03}").replace('\'', "''");
    (name, format!("client{number:03}@example.org"), format!("06 {a} {b} 34 5{}", number % 10), {
        format!("+336{a}{b}345{}", number % 10)
    })
}

impl Workshop {
    pub(super) fn new(seed: u64) -> Workshop {
        let scratch = Scratch::new();
        drop(open(scratch.path("a.db")));
        let mut random = seed;
        let clients = 12 + next(&mut random, 30);
        let mut sql = String::new();
        for user in 1..=3 {
            writeln!(
                sql,
                "INSERT INTO users VALUES ('u{user}', 'user{user}', 'user{user}@rpma.example', 'x', 'User {user}', 'user', 1, NULL, {START}, {START});"
            )
            .expect("writes");
        }
        sql.push_str(&format!(
            "INSERT INTO suppliers VALUES ('s1', 'Films & Co', 'films@example.com', '+33123456789', 1, {START}, {START});
             INSERT INTO materials (id, sku, name, category, unit, supplier_id, unit_cost_cents, created_at, updated_at)
               VALUES ('m1', 'F1', 'Film', 'ppf_film', 'm2', 's1', 4500, {START}, {START});
             INSERT INTO material_stock_movements (material_id, movement_type, quantity_change, occurred_at)
               VALUES ('m1', 'delivery', 100000, {START});"
        ));
        for number in 1..=clients {
            client(&mut sql, number, &mut random);
        }
        damage(&scratch, &sql);
        Workshop { scratch, clients }
    }

    pub(super) fn open(&self) -> Database {
        open(self.scratch.path("a.db"))
    }

    pub(super) fn damage(&self, sql: &str) {
        damage(&self.scratch, sql);
    }

    /// A client with a row in every table that can refer to one, and words about him in every free text.
    pub(super) fn eve(&self) {
        let words = "for Eve Moneypenny, EVE.MONEYPENNY@example.net, 07 99 88 77 66";
        let hash = "0".repeat(64);
        self.damage(&format!(
            "INSERT INTO clients (id, name, company_name, email, phone, phone_e164, address_line, postal_code, city, notes, created_at, updated_at)
               VALUES ('eve', 'Eve Moneypenny', 'Universal', 'eve.moneypenny@example.net', '07 99 88 77 66', '+33799887766',
                 '1 rue X', '75001', 'Paris', 'likes matte', {START}, {START});
             INSERT INTO tasks (id, task_number, client_id, title, license_plate, vin, notes, status, completed_at, created_at, updated_at)
               VALUES ('eve-t', 'T-eve', 'eve', 'Wrap {words}', 'AB-123-CD', 'VIN12345', 'call first', 'completed', {START}, {START}, {START});
             INSERT INTO interventions (id, task_id, status, completed_at, notes, created_at, updated_at)
               VALUES ('eve-i', 'eve-t', 'completed', {START}, 'done', {START}, {START});
             INSERT INTO intervention_steps (id, intervention_id, step_number, step_type, name, status, notes, created_at, updated_at)
               VALUES ('eve-s', 'eve-i', 1, 'inspection', 'Look {words}', 'completed', 'seen', {START}, {START});
             INSERT INTO photos (id, intervention_id, step_id, category, file_path, mime_type, file_size_bytes, sha256, caption, taken_at, created_at)
               VALUES ('eve-p', 'eve-i', 'eve-s', 'before', 'photos/eve.moneypenny@example.net/1.jpg', 'image/jpeg', 1, '{hash}', 'door', {START}, {START});
             INSERT INTO material_consumption (id, intervention_id, step_id, material_id, quantity, batch_number, consumed_at, created_at, updated_at)
               VALUES ('eve-m', 'eve-i', 'eve-s', 'm1', 2, 'roll {words}', {START}, {START}, {START});
             INSERT INTO notifications (id, user_id, task_id, notification_type, title, body, created_at)
               VALUES ('eve-n', 'u1', 'eve-t', 'task_assigned', 'Task {words}', '0799887766, +33799887766', {START});
             INSERT INTO quotes (id, quote_number, client_id, task_id, notes, created_at, updated_at)
               VALUES ('eve-q', 'Q-eve', 'eve', 'eve-t', 'discount later', {START}, {START});
             INSERT INTO quote_items (id, quote_id, position, item_type, description, quantity, unit_price_cents, created_at, updated_at)
               VALUES ('eve-qi', 'eve-q', 1, 'labor', 'Work {words}', 2, 5000, {START}, {START});
             UPDATE quotes SET status = 'accepted', sent_at = {START}, decided_at = {START} WHERE id = 'eve-q';"
        ));
    }
}

fn client(sql: &mut String, number: u64, random: &mut u64) {
    let (name, email, phone, e164) = person(number);
    let at = START + number * DAY;
    writeln!(
        sql,
        "INSERT INTO clients (id, name, email, phone, phone_e164, city, created_at, updated_at)
           VALUES ('c{number:03}', '{name}', '{email}', '{phone}', '{e164}', 'Lyon', {at}, {at});"
    )
    .expect("writes");
    for task in 0..next(random, 4) {
        let id = format!("t{number:03}-{task}");
        let hours = 1 + next(random, 8);
        writeln!(
            sql,
            "INSERT INTO tasks (id, task_number, client_id, assigned_to, title, status, scheduled_at, scheduled_end_at, created_at, updated_at)
               VALUES ('{id}', 'N{id}', 'c{number:03}', 'u1', 'Full wrap', 'scheduled', {at}, {}, {at}, {at});
             INSERT INTO interventions (id, task_id, technician_id, created_at, updated_at)
               VALUES ('i{id}', '{id}', 'u2', {at}, {at});
             INSERT INTO intervention_steps (id, intervention_id, step_number, step_type, name, created_at, updated_at)
               VALUES ('si{id}', 'i{id}', 1, 'inspection', 'Inspection', {at}, {at});
             INSERT INTO quotes (id, quote_number, client_id, task_id, created_at, updated_at)
               VALUES ('q{id}', 'Q{id}', 'c{number:03}', '{id}', {at}, {at});
             INSERT INTO quote_items (id, quote_id, position, item_type, description, quantity, unit_price_cents, created_at, updated_at)
               VALUES ('qi{id}', 'q{id}', 1, 'labor', 'Work', {hours}, 9000, {at}, {at});",
            at + hours * 3_600_000
        )
        .expect("writes");
    }
}
