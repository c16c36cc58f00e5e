import LibPQ
import Model
import Playbook
import TestSupport
import Testing

@testable import Planning

@Suite struct ReferenceNamesTests {
    @Test func columnsAreTakenToTheTableThatTheyAreNamedAfter() throws {
        try withDatabase { database in
            let connection = try database.connect()
            try connection.execute(
                """
                CREATE TABLE customers (id int PRIMARY KEY); CREATE TABLE lines (id int PRIMARY KEY);
                CREATE TABLE order_lines (id int PRIMARY KEY); CREATE TABLE companies (no int PRIMARY KEY);
                CREATE TABLE boxes (id int PRIMARY KEY); CREATE TABLE pairs (a int, b int, PRIMARY KEY (a, b));
                """)
            let tables = try Catalog(reading: Catalog.tableNames(on: connection), on: connection).tables.values
                .sorted { $0.name < $1.name }
            let names = ReferenceNames(tables)
            func table(_ column: String) -> String? { names.table(of: column).map { tables[$0].name.name } }
            for column in [
                "customer_id", "customers_id", "billing_customer_id", "customerId", "CUSTOMER_ID", "customerid",
            ] {
                #expect(table(column) == "customers", "\(column)")
            }
            #expect(table("order_line_id") == "order_lines")
            #expect(table("line_id") == "lines")
            #expect(table("company_no") == "companies" && table("company_id") == "companies")
            #expect(table("box_id") == "boxes")
            for column in ["id", "customer", "pair_id", "discustomer_id", "customer_id_text"] {
                #expect(table(column) == nil, "\(column)")
            }
        }
    }
}
