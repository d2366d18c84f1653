#include <iostream>

#include "rpmadb.hpp"

int main() {
  try {
    rpma::Database db("app.db");
    db.query("INSERT INTO clients (id, name, created_at, updated_at) VALUES (?, ?, ?, ?)", {"c1", "Ada", 1767225600000, 1767225600000});
    for (const auto& row : db.query("SELECT id, name FROM clients").rows) {
      std::cout << *row[0].as<std::string>() << ": " << *row[1].as<std::string>() << '\n';
    }
    std::cout << *db.stats().tables.at("clients") << " client(s)\n";
    std::cout << (db.backup("one.db").verified ? "backed up" : "not proved") << '\n';
  } catch (const rpma::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
