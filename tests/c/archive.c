/* The verbs about backups: made, listed, proved, brought back, undone, pruned, pinned. */
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

/* A key pair of these tests' own. */
#define RECIPIENT "age1zw65jj6468n5g4wl3pexmmhf3qdrkx4n2wzrwxm7v8pavhl07vzqec48wy"
#define IDENTITY "AGE-SECRET-KEY-1ZLSP2QRVMV2HHH49W03AD2CMQ4AX2QMN5KYY5ETQ78UTA6JFH89QPCHR4W"

#define COUNT "SELECT count(*) FROM t"

static const char *options_for(const char *more) {
    return format("{\"migrate\":false,\"backup\":{\"folder\":\"%s\"%s}}", at("backups"), more);
}

/* A database with one row in `t`, and a folder for its backups. */
static rpmadb *open_one(const char *more) {
    mkdir(at("backups"), 0700);
    rpmadb *db = open_checked(at("a.db"), options_for(more));
    sql(db, "CREATE TABLE t (a)");
    sql(db, "INSERT INTO t VALUES (1)");
    return db;
}

/* A backup of that name in the folder. */
static void back_up(rpmadb *db, const char *name, const char *options) {
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, at(format("backups/%s", name)), options, NULL, &out));
}

/* Turns one bit around in the middle of a file that nobody has open. */
static void flip(const char *path) {
    struct stat found;
    FILE *file = fopen(path, "r+b");
    CHECK(file && stat(path, &found) == 0 && fseek(file, found.st_size / 2, SEEK_SET) == 0);
    int byte = fgetc(file);
    CHECK(byte != EOF && fseek(file, -1, SEEK_CUR) == 0 && fputc(byte ^ 1, file) != EOF && fclose(file) == 0);
}

static void every_option_of_a_backup_is_taken(void) {
    rpmadb *db = open_one("");
    back_up(db, "a.db", "{\"verify\":\"full\",\"pin\":true,\"compact\":true}");
    CHECK_TEXT("full", "/depth");
    CHECK_TEXT(at("backups/a.db.manifest.json"), "/manifest");
    CHECK(exists(at("backups/a.db.pin")) && exists(at("backups/a.db.manifest.json")));
    back_up(db, "b.db", "{\"verify\":\"pages\",\"overwrite\":true}");
    CHECK_TEXT("pages", "/depth");
    back_up(db, "b.db", "{\"verify\":false,\"overwrite\":true}");
    CHECK_INT(0, "/verified");
    back_up(db, "c.zst", "{\"compress\":true}");
    back_up(db, "d.zst", "{\"compress\":19}");
    back_up(db, "e.age", "{\"encrypt_to\":\"" RECIPIENT "\"}");
    back_up(db, "f.zst.age", "{\"encrypt_to\":[\"" RECIPIENT "\"],\"compress\":3}");
    sql(db, "INSERT INTO t VALUES (2)");
    back_up(db, "g.inc", "{\"incremental\":\"a.db\"}");
    CHECK_TEXT("a.db", "/base");
    back_up(db, "h.inc", "{\"incremental\":true}");
    CHECK_TEXT("g.inc", "/base");
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, NULL, "{\"every_hours\":1}", NULL, &out));
    CHECK_TEXT_HAS(at("backups/a-"), "/path");
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, NULL, "{\"every_hours\":1}", NULL, &out));
    CHECK(has("/path") && number("/pages") == 0);
    CHECK_EQUAL(9, backups_in(at("backups")));
    close_checked(db);
}

static void backups_are_listed_with_the_newest_first(void) {
    rpmadb *db = open_one("");
    CHECK_STATUS(RPMADB_OK, rpmadb_backups(db, NULL, NULL, &out));
    CHECK(has("/backups") && !has("/backups/0") && has("/incomplete") && !has("/incomplete/0"));
    back_up(db, "one.db", NULL);
    back_up(db, "two.db", "{\"verify\":false}");
    CHECK_STATUS(RPMADB_OK, rpmadb_pin(db, "one.db", NULL, NULL, &out));
    write_text(at("backups/a-20260131T235959.123Z.db"), "cut off");
    CHECK_STATUS(RPMADB_OK, rpmadb_backups(db, "{}", NULL, &out));
    CHECK_TEXT(at("backups"), "/folder");
    CHECK_TEXT(at("backups/two.db"), "/backups/0/path");
    CHECK_INT(0, "/backups/0/verified");
    CHECK_INT(0, "/backups/0/pinned");
    CHECK_INT(1, "/backups/0/complete");
    CHECK_INT(1, "/backups/1/verified");
    CHECK_INT(1, "/backups/1/pinned");
    CHECK_TEXT("full", "/backups/1/manifest/kind");
    CHECK_TEXT("manual", "/backups/1/manifest/reason");
    CHECK_TEXT(at("a.db"), "/backups/1/manifest/database");
    CHECK_INT(1, "/backups/1/manifest/tables/t");
    CHECK_INT(1, "/backups/1/manifest/sequence");
    CHECK(!has("/backups/2"));
    CHECK_TEXT(at("backups/a-20260131T235959.123Z.db"), "/incomplete/0");
    close_checked(db);
    db = open_checked(at("a.db"), BARE);
    CHECK_STATUS(RPMADB_OK, rpmadb_backups(db, NULL, NULL, &out));
    CHECK(has("/folder") && !has("/backups/0"));
    close_checked(db);
}

static void a_sound_backup_is_proved_and_a_flipped_bit_is_found(void) {
    rpmadb *db = open_one("");
    static const char *const names[] = {"b.db", "b.zst", "b.age"};
    static const char *const options[] = {NULL, "{\"compress\":true}", "{\"encrypt_to\":\"" RECIPIENT "\"}"};
    static const char *const depths[] = {"pages", "quick", "full"};
    for (size_t index = 0; index < 3; index++) {
        back_up(db, names[index], options[index]);
        for (size_t depth = 0; depth < 3; depth++) {
            const char *how = format("{\"depth\":\"%s\",\"identities\":[\"" IDENTITY "\"]}", depths[depth]);
            CHECK_STATUS(RPMADB_OK, rpmadb_verify(db, names[index], how, NULL, &out));
            CHECK_TEXT(depths[depth], "/depth");
            CHECK_TEXT("ok", "/checks/pages");
            CHECK_TEXT("none", "/signature");
            CHECK_TEXT(at(format("backups/%s", names[index])), "/chain/0");
            CHECK_INT(1, "/manifest/tables/t");
            CHECK(number("/bytes") > 0 && has("/duration_ms"));
        }
        flip(at(format("backups/%s", names[index])));
        CHECK_STATUS(RPMADB_BACKUP_INVALID,
                     rpmadb_verify(db, names[index], "{\"identities\":[\"" IDENTITY "\"]}", NULL, &out));
        CHECK_TEXT_HAS(names[index], "/error/message");
    }
    CHECK_STATUS(RPMADB_NOT_FOUND, rpmadb_verify(db, at("none.db"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_SAME_FILE, rpmadb_verify(db, at("a.db"), NULL, NULL, &out));
    write_text(at("text"), "no backup");
    CHECK_STATUS(RPMADB_BACKUP_INVALID, rpmadb_verify(db, at("text"), NULL, NULL, &out));
    CHECK_TEXT_HAS("no manifest", "/error/message");
    close_checked(db);
}

static void keys_come_from_the_handle_or_the_call(void) {
    rpmadb *db = open_one(",\"encrypt_to\":\"" RECIPIENT "\",\"sign_key\":\"k\"");
    back_up(db, "b.age", NULL);
    CHECK_STATUS(RPMADB_DECRYPT, rpmadb_verify(db, "b.age", NULL, NULL, &out));
    CHECK_STATUS(RPMADB_DECRYPT, rpmadb_restore(db, "b.age", NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_verify(db, "b.age", "{\"identities\":[\"# mine\\n" IDENTITY "\\n\"]}", NULL, &out));
    CHECK_TEXT("ok", "/signature");
    close_checked(db);
    db = open_checked(at("a.db"), options_for(",\"identities\":[\"" IDENTITY "\"]"));
    CHECK_STATUS(RPMADB_OK, rpmadb_verify(db, "b.age", NULL, NULL, &out));
    CHECK_TEXT("not_checked", "/signature");
    CHECK_STATUS(RPMADB_OK, rpmadb_restore(db, "b.age", NULL, NULL, &out));
    close_checked(db);
    db = open_checked(at("a.db"), options_for(",\"sign_key\":\"other\",\"identities\":[\"" IDENTITY "\"]"));
    CHECK_STATUS(RPMADB_BACKUP_INVALID, rpmadb_verify(db, "b.age", NULL, NULL, &out));
    CHECK_TEXT_HAS("another key", "/error/message");
    close_checked(db);
}

static void a_passphrase_opens_what_it_closed(void) {
    rpmadb *db = open_one("");
    back_up(db, "b.age", "{\"encrypt_to\":{\"passphrase\":\"open sesame\"},\"verify\":false}");
    CHECK_STATUS(RPMADB_DECRYPT, rpmadb_verify(db, "b.age", "{\"passphrase\":\"close sesame\"}", NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_verify(db, "b.age", "{\"passphrase\":\"open sesame\"}", NULL, &out));
    close_checked(db);
}

static void a_restore_is_seen_by_every_handle_and_can_be_undone(void) {
    rpmadb *db = open_one(""), *second = NULL;
    CHECK_STATUS(RPMADB_OK, rpmadb_as(db, "eva", "supervisor", &second, &out));
    back_up(db, "b.db", NULL);
    CHECK_STATUS(RPMADB_NOT_FOUND, rpmadb_undo_restore(db, NULL, NULL, &out));
    CHECK_TEXT_HAS("made before a restore", "/error/message");
    sql(db, "INSERT INTO t VALUES (2)");
    CHECK_STATUS(RPMADB_OK, rpmadb_restore(db, "b.db", "{\"dry_run\":true}", NULL, &out));
    CHECK_INT(1, "/dry_run");
    CHECK_TEXT("none", "/method");
    CHECK_EQUAL(2, value(second, COUNT));
    CHECK_STATUS(RPMADB_OK, rpmadb_restore(db, "b.db", "{\"busy_timeout_ms\":5000}", NULL, &out));
    CHECK_TEXT(at("backups/b.db"), "/path");
    CHECK_TEXT(at("a.db"), "/database_path");
    CHECK_TEXT_HAS(".pre-restore.db", "/backup");
    CHECK_INT(0, "/dry_run");
    CHECK(number("/pages") > 0 && has("/kept") && has("/warnings") && !has("/warnings/0"));
    CHECK_EQUAL(1, value(second, COUNT));
    sql(db, "INSERT INTO t VALUES (3), (4)");
    CHECK_STATUS(RPMADB_OK, rpmadb_undo_restore(db, "{}", NULL, &out));
    CHECK_TEXT_HAS(".pre-restore.db", "/path");
    CHECK_EQUAL(2, value(second, COUNT));
    CHECK_STATUS(RPMADB_OK, rpmadb_undo_restore(db, NULL, NULL, &out));
    CHECK_EQUAL(3, value(second, COUNT));
    int before = backups_in(at("backups"));
    CHECK_STATUS(RPMADB_OK, rpmadb_restore(db, at("backups/b.db"), "{\"backup\":false}", NULL, &out));
    CHECK_EQUAL(before, backups_in(at("backups")));
    CHECK_EQUAL(1, value(db, COUNT));
    close_checked(second);
    close_checked(db);
}

static void a_restore_that_is_refused_changes_nothing(void) {
    rpmadb *db = open_one("");
    back_up(db, "b.db", NULL);
    sql(db, "INSERT INTO t VALUES (2)");
    CHECK_STATUS(RPMADB_NOT_FOUND, rpmadb_restore(db, at("none.db"), NULL, NULL, &out));
    CHECK_STATUS(RPMADB_SAME_FILE, rpmadb_restore(db, at("a.db"), NULL, NULL, &out));
    CHECK(rename(at("backups/b.db.manifest.json"), at("manifest")) == 0);
    CHECK_STATUS(RPMADB_BACKUP_INVALID, rpmadb_restore(db, "b.db", NULL, NULL, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_restore(db, "b.db", "{\"without_manifest\":true,\"dry_run\":true}", NULL, &out));
    CHECK_TEXT_HAS("no manifest", "/warnings/0");
    CHECK(rename(at("manifest"), at("backups/b.db.manifest.json")) == 0);
    flip(at("backups/b.db"));
    CHECK_STATUS(RPMADB_BACKUP_INVALID, rpmadb_restore(db, "b.db", NULL, NULL, &out));
    CHECK_EQUAL(2, value(db, COUNT));
    CHECK_EQUAL(1, backups_in(at("backups")));
    close_checked(db);
    db = open_checked(at("a.db"), format("{\"read_only\":true,\"backup\":{\"folder\":\"%s\"}}", at("backups")));
    CHECK_STATUS(RPMADB_READ_ONLY, rpmadb_restore(db, "b.db", NULL, NULL, &out));
    close_checked(db);
}

static void a_file_is_brought_back_without_a_handle(void) {
    rpmadb *db = open_one("");
    back_up(db, "b.db", NULL);
    close_checked(db);
    const char *open_options = options_for("");
    CHECK_STATUS(RPMADB_OK, rpmadb_restore_file(at("new.db"), "b.db", open_options, "{\"dry_run\":true}", NULL, &out));
    CHECK(!exists(at("new.db")));
    CHECK_STATUS(RPMADB_OK, rpmadb_restore_file(at("new.db"), "b.db", open_options, NULL, NULL, &out));
    CHECK_TEXT("rename", "/method");
    CHECK(has("/kept") && has("/backup") && has("/schema_version") && has("/duration_ms"));
    db = open_checked(at("new.db"), BARE);
    CHECK_EQUAL(1, value(db, COUNT));
    close_checked(db);
    write_text(at("a.db"), "no database any more");
    CHECK_STATUS(RPMADB_OK, rpmadb_restore_file(at("a.db"), at("backups/b.db"), NULL, "{}", NULL, &out));
    char *kept = NULL;
    CHECK(rpmadb_json_text(out, "/kept", &kept) == RPMADB_OK && file_holds(kept, "no database any more", 20));
    rpmadb_free(kept);
    db = open_checked(at("a.db"), BARE);
    CHECK_EQUAL(1, value(db, COUNT));
    close_checked(db);
    CHECK_STATUS(RPMADB_NOT_FOUND, rpmadb_restore_file(at("a.db"), at("none.db"), NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_SAME_FILE, rpmadb_restore_file(at("a.db"), at("a.db"), NULL, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_restore_file(at("a.db"), "b.db", "{\"nope\":1}", NULL, NULL, &out));
    CHECK_TEXT_HAS("'nope'", "/error/message");
}

static void retention_keeps_what_it_is_told_to(void) {
    rpmadb *db = open_one("");
    static const char *const names[] = {"1.db", "2.db", "3.db", "4.db"};
    for (size_t index = 0; index < 4; index++) {
        back_up(db, names[index], NULL);
    }
    CHECK_STATUS(RPMADB_OK, rpmadb_pin(db, at("backups/2.db"), NULL, NULL, &out));
    CHECK_TEXT(at("backups/2.db"), "/path");
    CHECK_INT(1, "/pinned");
    CHECK_STATUS(RPMADB_OK, rpmadb_prune(db, NULL, NULL, &out));
    CHECK(has("/deleted") && !has("/deleted/0") && has("/kept/3"));
    CHECK_STATUS(RPMADB_OK, rpmadb_prune(db, "{\"keep_last\":1,\"dry_run\":true}", NULL, &out));
    CHECK_INT(1, "/dry_run");
    CHECK(has("/deleted/1") && !has("/deleted/2") && exists(at("backups/3.db")));
    write_text(at("backups/.x.db.1-1.partial"), "of a backup that was killed");
    CHECK_STATUS(RPMADB_OK, rpmadb_prune(db, "{\"keep_last\":1}", NULL, &out));
    CHECK_TEXT(at("backups/3.db"), "/deleted/0");
    CHECK_TEXT(at("backups/1.db"), "/deleted/1");
    CHECK_TEXT(at("backups/4.db"), "/kept/0/path");
    CHECK_TEXT_HAS("last 1", "/kept/0/because/0");
    CHECK_TEXT_HAS("pinned", "/kept/1/because/0");
    CHECK_TEXT(".x.db.1-1.partial", "/leftovers/0");
    CHECK(!exists(at("backups/3.db")) && !exists(at("backups/3.db.manifest.json")));
    CHECK_STATUS(RPMADB_OK, rpmadb_pin(db, "2.db", "{\"pinned\":false}", NULL, &out));
    CHECK_INT(0, "/pinned");
    CHECK_STATUS(RPMADB_OK, rpmadb_prune(db, "{\"keep_last\":1}", NULL, &out));
    CHECK_TEXT(at("backups/2.db"), "/deleted/0");
    CHECK_EQUAL(1, backups_in(at("backups")));
    CHECK_STATUS(RPMADB_NOT_FOUND, rpmadb_pin(db, at("none.db"), NULL, NULL, &out));
    CHECK(!exists(at("none.db.pin")));
    close_checked(db);
    db = open_checked(at("a.db"), BARE);
    CHECK_STATUS(RPMADB_INVALID_ARGUMENT, rpmadb_prune(db, NULL, NULL, &out));
    CHECK_TEXT_HAS("backup.folder", "/error/message");
    close_checked(db);
}

static void what_the_handle_was_opened_with_prunes_after_each_backup(void) {
    rpmadb *db = open_one(",\"keep_last\":2");
    back_up(db, "1.db", NULL);
    back_up(db, "2.db", NULL);
    CHECK(has("/deleted") && !has("/deleted/0"));
    back_up(db, "3.db", NULL);
    CHECK_TEXT(at("backups/1.db"), "/deleted/0");
    CHECK_EQUAL(2, backups_in(at("backups")));
    close_checked(db);
}

typedef int32_t (*verb)(rpmadb *db, const char *options, rpmadb_op *op, char **document);

static int32_t back_up_to(rpmadb *db, const char *options, rpmadb_op *op, char **document) {
    return rpmadb_backup(db, at("x.db"), options, op, document);
}

static int32_t prove(rpmadb *db, const char *options, rpmadb_op *op, char **document) {
    return rpmadb_verify(db, "b.db", options, op, document);
}

static int32_t bring_back(rpmadb *db, const char *options, rpmadb_op *op, char **document) {
    return rpmadb_restore(db, "b.db", options, op, document);
}

static int32_t bring_back_file(rpmadb *db, const char *options, rpmadb_op *op, char **document) {
    (void)db;
    return rpmadb_restore_file(at("x.db"), at("backups/b.db"), NULL, options, op, document);
}

static int32_t open_with(rpmadb *db, const char *options, rpmadb_op *op, char **document) {
    (void)db;
    rpmadb *opened = NULL;
    int32_t status = rpmadb_open(at("x.db"), format("{\"backup\":%s}", options), op, &opened, document);
    CHECK(opened == NULL);
    return status;
}

static int32_t set_pin(rpmadb *db, const char *options, rpmadb_op *op, char **document) {
    return rpmadb_pin(db, "b.db", options, op, document);
}

static void a_wrong_option_about_backups_is_named(void) {
    rpmadb *db = open_one("");
    back_up(db, "b.db", NULL);
    static const struct {
        verb verb;
        const char *options, *key;
    } wrong[] = {
        {back_up_to, "{\"verify\":\"deep\"}", "'verify'"},
        {back_up_to, "{\"verify\":1}", "'verify'"},
        {back_up_to, "{\"step_pages\":100001}", "'step_pages'"},
        {back_up_to, "{\"overwrite\":\"yes\"}", "'overwrite'"},
        {back_up_to, "{\"compress\":0}", "'compress'"},
        {back_up_to, "{\"compress\":20}", "'compress'"},
        {back_up_to, "{\"compress\":\"zstd\"}", "'compress'"},
        {back_up_to, "{\"encrypt_to\":7}", "'encrypt_to'"},
        {back_up_to, "{\"encrypt_to\":\"me\"}", "'encrypt_to'"},
        {back_up_to, "{\"encrypt_to\":[]}", "'encrypt_to'"},
        {back_up_to, "{\"encrypt_to\":{\"passphrase\":\"\"}}", "'passphrase'"},
        {back_up_to, "{\"incremental\":1}", "'incremental'"},
        {back_up_to, "{\"incremental\":\"../b.db\"}", "'incremental'"},
        {back_up_to, "{\"incremental\":true,\"compact\":true}", "'compact'"},
        {back_up_to, "{\"pin\":1}", "'pin'"},
        {back_up_to, "{\"every_hours\":0}", "'every_hours'"},
        {rpmadb_backups, "{\"folder\":\"x\"}", "'folder'"},
        {prove, "{\"depth\":\"deep\"}", "'depth'"},
        {prove, "{\"depth\":false}", "'depth'"},
        {prove, "{\"identities\":\"x\"}", "'identities'"},
        {prove, "{\"passphrase\":7}", "'passphrase'"},
        {bring_back, "{\"backup\":1}", "'backup'"},
        {bring_back, "{\"dry_run\":1}", "'dry_run'"},
        {bring_back, "{\"allow_newer\":\"x\"}", "'allow_newer'"},
        {bring_back, "{\"without_manifest\":1}", "'without_manifest'"},
        {bring_back, "{\"busy_timeout_ms\":86400001}", "'busy_timeout_ms'"},
        {bring_back_file, "{\"busy_timeout_ms\":-1}", "'busy_timeout_ms'"},
        {rpmadb_undo_restore, "{\"busy_timeout_ms\":86400001}", "'busy_timeout_ms'"},
        {rpmadb_undo_restore, "{\"dry_run\":true}", "'dry_run'"},
        {rpmadb_prune, "{\"keep_last\":-1}", "'keep_last'"},
        {rpmadb_prune, "{\"keep_weekly\":1.5}", "'keep_weekly'"},
        {rpmadb_prune, "{\"keep\":1}", "'keep'"},
        {set_pin, "{\"pinned\":1}", "'pinned'"},
        {open_with, "{\"before_migrate\":1}", "'backup.before_migrate'"},
        {open_with, "{\"compress\":20}", "'backup.compress'"},
        {open_with, "{\"encrypt_to\":\"me\"}", "encrypt_to'"},
        {open_with, "{\"identities\":\"x\"}", "'backup.identities'"},
        {open_with, "{\"keep_daily\":-1}", "'backup.keep_daily'"},
        {open_with, "{\"keep_pre_restore\":\"x\"}", "'backup.keep_pre_restore'"},
    };
    for (size_t index = 0; index < sizeof wrong / sizeof *wrong; index++) {
        bool fits = CHECK_STATUS(RPMADB_INVALID_ARGUMENT, wrong[index].verb(db, wrong[index].options, NULL, &out));
        if (!CHECK_TEXT_HAS(wrong[index].key, "/error/message") || !fits) {
            printf("\n    in: %s", wrong[index].options);
        }
    }
    CHECK(!exists(at("x.db")));
    CHECK_EQUAL(1, backups_in(at("backups")));
    close_checked(db);
}

static void every_option_that_the_header_lists_for_the_folder_is_taken(void) {
    rpmadb *db = open_one(",\"before_migrate\":true,\"compress\":3,\"encrypt_to\":[\"" RECIPIENT "\"],"
                          "\"identities\":[\"" IDENTITY "\"],\"passphrase\":\"p\",\"sign_key\":\"k\",\"keep_last\":1,"
                          "\"keep_hourly\":1,\"keep_daily\":1,\"keep_weekly\":1,\"keep_monthly\":1,\"keep_yearly\":1,"
                          "\"keep_minimum\":2,\"keep_pre_migrate\":1,\"keep_pre_restore\":1");
    CHECK_STATUS(RPMADB_OK, rpmadb_backup(db, NULL, NULL, NULL, &out));
    CHECK_TEXT_HAS(".db.zst.age", "/path");
    CHECK_STATUS(RPMADB_OK, rpmadb_migrate(db, NULL, NULL, &out));
    CHECK_TEXT_HAS(".pre-migrate.db.zst.age", "/backup/path");
    CHECK_STATUS(RPMADB_OK, rpmadb_backups(db, NULL, NULL, &out));
    CHECK_TEXT("zstd", "/backups/0/manifest/compression");
    CHECK_TEXT("age", "/backups/0/manifest/encryption");
    CHECK_TEXT("pre_migrate", "/backups/0/manifest/reason");
    close_checked(db);
}

static void only_an_admin_may_do_more_than_look(void) {
    rpmadb *db = open_one(""), *supervisor = NULL, *user = NULL;
    back_up(db, "b.db", NULL);
    CHECK_STATUS(RPMADB_OK, rpmadb_as(db, "eva", "supervisor", &supervisor, &out));
    CHECK_STATUS(RPMADB_OK, rpmadb_as(db, "udo", "user", &user, &out));
    static const verb verbs[] = {back_up_to, prove, bring_back, rpmadb_undo_restore, rpmadb_prune, set_pin};
    for (size_t index = 0; index < sizeof verbs / sizeof *verbs; index++) {
        CHECK_STATUS(RPMADB_DENIED, verbs[index](supervisor, NULL, NULL, &out));
        CHECK_STATUS(RPMADB_DENIED, verbs[index](user, NULL, NULL, &out));
    }
    CHECK_STATUS(RPMADB_OK, rpmadb_backups(supervisor, NULL, NULL, &out));
    CHECK_STATUS(RPMADB_DENIED, rpmadb_backups(user, NULL, NULL, &out));
    CHECK(!exists(at("x.db")) && !exists(at("backups/b.db.pin")));
    CHECK_EQUAL(1, backups_in(at("backups")));
    close_checked(user);
    close_checked(supervisor);
    close_checked(db);
}

const struct test archive_tests[] = {
    TEST(every_option_of_a_backup_is_taken),
    TEST(backups_are_listed_with_the_newest_first),
    TEST(a_sound_backup_is_proved_and_a_flipped_bit_is_found),
    TEST(keys_come_from_the_handle_or_the_call),
    TEST(a_passphrase_opens_what_it_closed),
    TEST(a_restore_is_seen_by_every_handle_and_can_be_undone),
    TEST(a_restore_that_is_refused_changes_nothing),
    TEST(a_file_is_brought_back_without_a_handle),
    TEST(retention_keeps_what_it_is_told_to),
    TEST(what_the_handle_was_opened_with_prunes_after_each_backup),
    TEST(a_wrong_option_about_backups_is_named),
    TEST(every_option_that_the_header_lists_for_the_folder_is_taken),
    TEST(only_an_admin_may_do_more_than_look),
    {NULL, NULL},
};
