create table items (name text primary key, price int not null);
insert into items values ('apple', 30), ('pear', 45), ('cherry', 90);
