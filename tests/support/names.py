"""People's names as people write them, by script. Made up, of parts that real names are made of."""

# One name a line, so that blanks, commas and quotes in them need no care.
_WRITTEN = {
    "Latin": """
Ada Lovelace
O'Brien, Seán
Seán Ó Súilleabháin
Jean-François D’Aubigné
María José Núñez de la Peña
Þórdís Ægisdóttir
Søren Kjærgård
Małgorzata Źdźbło-Łęcka
Jiří Dvořák
Đặng Thị Ngọc Ánh
Nguyễn Hữu Phước
Işıl Öztürk-Yılmaz
İbrahim Gökçe
Zoë van 't Hoff
Jürgen Großmann
GROẞMANN JÜRGEN
Åsa Öhman
Kaʻiulani Kealoha
Kyäthi Ĉu
Gwenc’hlan Ar Skouezeg
Ñusta Quispe
Õnne Pärtel
Ģirts Šķēle
Živilė Žąsytė
Ólafur Arnalds Jr.
Dr. Müller & Söhne
Anna "Nuša" Kovač
J. R. "Bob" Dobbs
Smith (née Jones), Mary
ng'ombe wa Wanjikũ
Ọláìtán Adébáyọ̀
Nwáchukwu Ị̀kẹ́nnà
Ɓala Ɗanjuma Ƙwairanga
X Æ A-12
Mary–Ann Fitz—Gerald
""",
    "Greek": """
Γεώργιος Παπαδόπουλος
Σίσυφος Αἰόλου
ΟΔΥΣΣΕΥΣ ΚΑΡΑΓΙΑΝΝΗΣ
Ελένη Κωνσταντινίδου
Ἀριστοτέλης ὁ Σταγειρίτης
Μαΐστρος Ταΰγετος
""",
    "Cyrillic": """
Алексей Толстой
Фёдор Достоевский
Йован Ђорђевић
Ћира Џајић
Олександр Ґалаґан
Дар'я Під’яремна
Їжакевич Іван
Цэцэгмаа Батбаяр
Өмүрбек Үсөнов
Әлия Қасымқызы
Нұрсұлтан Ғабдуллин
Хьажа ТӀемаров
Стоян Щърбанов
""",
    "Armenian": """
Արամ Խաչատրյան
Հովհաննես Թումանյան
Զարուհի Պետրոսեան
Ծովինար Մկրտչյան
""",
    "Georgian": """
ნინო ბერიძე
შოთა რუსთაველი
ჭაბუკი ჟღენტი
გიორგი წერეთელი
""",
    "Hebrew": """
שרה כהן
שָׁלוֹם בֶּן־דָּוִד
יוסף ז״ל לוי
צ׳רלי אברג׳יל
רבי משה בר׳ מימון
אליעזר בן־יהודה
""",
    "Arabic": """
محمد بن عبد الله
مُحَمَّد ٱلْفَاتِح
فاطمة الزهراء
علی‌رضا میرزایی
می‌ترا کیانی‌فر
زهره‌ سادات حسینی
گلناز چودھری
ئازاد کوردۆ
ڕۆژین هەڵەبجەیی
عبـــد الرحمـن
نصرت فتح علی خاں
ﷲ ﷴ
سڌيرو ڀٽائي
""",
    "Syriac": """
ܐܦܪܝܡ ܣܘܪܝܝܐ
ܡܪܝܡ ܕܡܫܝܚܐ
ܝܘܚܢܢ ܒܪ ܙܘܥܒܝ
""",
    "Thaana": """
އަޙްމަދު ރަޝީދު
މަރިޔަމް ނިޝާ
ޢަލީ މަނިކު
""",
    "Nko": """
ߛߏߟߏߡߊߣߊ߫ ߞߊ߲ߕߍ
ߝߊߕߎߡߕߊ߫ ߖߊߟߏ
""",
    "Devanagari": """
प्रिया शर्मा
राज कुमार
क्षितिज त्रिपाठी
श्रीकृष्ण जोशी
अँग्रेज सिंह
ज़ुबैर ख़ान
सुनीता थापा मगर
शिव्‍या ठाकरे
""",
    "Bengali": """
রবীন্দ্রনাথ ঠাকুর
শেখ হাসানুজ্জামান
উৎপল দত্ত
ঋত্বিকা সাহা
অন্তরা চৌধুরী
""",
    "Gurmukhi": """
ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ
ਹਰਜੀਤ ਕੌਰ
ਬੁੱਲ੍ਹੇ ਸ਼ਾਹ
""",
    "Gujarati": """
મોહનદાસ ગાંધી
જ્યોતિબેન પટેલ
ઋષિકેશ ત્રિવેદી
""",
    "Oriya": """
ଗୋପବନ୍ଧୁ ଦାସ
ସୁଭଦ୍ରା ମହାପାତ୍ର
ଓଡ଼ିଆ ନାୟକ
""",
    "Tamil": """
சுப்பிரமணிய பாரதி
கௌசல்யா இராமன்
ஸ்ரீதேவி ஐயப்பன்
கா. ந. அண்ணாதுரை
""",
    "Telugu": """
పొట్టి శ్రీరాములు
లక్ష్మీ నరసింహారావు
సుజాత రెడ్డి
""",
    "Kannada": """
ಕುವೆಂಪು ಪುಟ್ಟಪ್ಪ
ಶ್ರೀನಿವಾಸ ರಾವ್
ಲಕ್ಷ್ಮೀಬಾಯಿ ಹೆಗ್ಗಡೆ
""",
    "Malayalam": """
വൈക്കം മുഹമ്മദ് ബഷീർ
രാധാകൃഷ്ണൻ നായർ
അവന്‍ കമല്‍
ലക്ഷ്മി മേനോന്‍
""",
    "Sinhala": """
ශ්‍රී ලාල් පෙරේරා
ප්‍රියන්ත ජයවර්ධන
සුනේත්‍රා බණ්ඩාරනායක
ඥානසේකර විජේසිංහ
""",
    "Thai": """
สมชาย ใจดี
พระยาอนุมานราชธน
น้ำฝน ศรีสุวรรณ
กรุงเทพ ณ อยุธยา
เกียรติศักดิ์ วงศ์สวัสดิ์
""",
    "Lao": """
ສົມສັກ ສີສະຫວ່າງ
ບຸນມີ ແກ້ວມະນີ
ຄຳຫຼ້າ ໜໍ່ຄຳ
""",
    "Tibetan": """
བསྟན་འཛིན་རྒྱ་མཚོ།
པད་མ་འབྱུང་གནས
ཚེ་རིང་སྒྲོལ་མ
""",
    "Myanmar": """
အောင်ဆန်းစုကြည်
ဦးသန့်
စိုင်းထီးဆိုင်
ခင်မျိုးချစ် ကိုကို
""",
    "Khmer": """
សុខ សុភាព
នរោត្តម សីហនុ
ចាន់ ស្រីមុំ
""",
    "Ethiopic": """
አበበ ቢቂላ
ጥሩነሽ ዲባባ
ገብረ ሥላሴ ወልደ ማርያም
""",
    "Cherokee": """
ᏍᏏᏉᏯ ᎠᏂᎩᏚᏩᎩ
ᏩᎭᏯ ᎤᏬᏗᎨ
ꮣꮃꭹ ꮳꮃꭹ
""",
    "Canadian": """
ᐃᓄᒃᓱᒃ ᐊᓇᖅ
ᓄᓇᕗᑦ ᑲᓇᑦᑕᖅ
ᒪᐢᑿ ᐊᑎᒼ
""",
    "Mongolian": """
ᠴᠢᠩᠭᠢᠰ ᠬᠠᠭᠠᠨ
ᠪᠠᠲᠤ ᠶᠢᠨ ᠬᠦᠦ
ᠨᠠᠷᠠᠨ᠎ᠠ
""",
    "Hangul": """
김철수
이순신
박 지영
남궁민수
선우 은숙
황보혜정
""",
    "Hiragana": """
やまだ たろう
さとう　はなこ
つんく♂
きゃりー・ぱみゅぱみゅ
""",
    "Katakana": """
ヤマダ　タロウ
マイケル・スミス
ﾔﾏﾀﾞ ﾊﾅｺ
ヴィクトリア＝ベッカム
""",
    "Cjk": """
山田　太郎
髙橋　﨑二
神田 福子
佐々木 花
王小明
歐陽 修
卡尔·马克思
陳　大　文
李娜
吉野家𠮷𠮷
𡈽屋 礼央
〇田 一
""",
    "Bopomofo": """
ㄨㄤˊ ㄒㄧㄠˇ ㄇㄧㄥˊ
ㄌㄧˇ ㄋㄚˋ
""",
    "Yi": """
ꀊꇖ ꃀꇤ
ꆈꌠ ꉙꌺ
""",
    "Tifinagh": """
ⵎⵓⵃⴰⵎⵎⴷ ⴰⵎⴰⵣⵉⵖ
ⵜⵉⵏ ⵀⵉⵏⴰⵏ
""",
    "Vai": """
ꔀꔸ ꕒꔤ
ꗬꗡ ꔇꔟ
""",
    "Javanese": """
ꦱꦸꦏꦂꦤ
ꦢꦶꦥꦤꦼꦒꦫ
""",
    "Balinese": """
ᬓᬢᬸᬢ᭄ ᬲᬸᬓ
ᬯᬬᬦ᭄ ᬢᬚᬸ
""",
    "Adlam": """
𞤀𞤥𞤢𞤣𞤵 𞤔𞤢𞤤𞤮
𞤊𞤢𞤼𞤵 𞤄𞤢𞥄
""",
    "Ol": """
ᱨᱟᱹᱜᱷᱩᱱᱟᱛᱷ ᱢᱩᱨᱢᱩ
ᱥᱟᱱᱛᱟᱲ ᱦᱮᱢᱵᱨᱚᱢ
""",
    "Meetei": """
ꯏꯔꯣꯝ ꯁꯔꯃꯤꯂꯥ
ꯃꯦꯔꯤ ꯀꯣꯝ
""",
    "Cham": """
ꨗꨭꨮꩃ ꨌꩌ
ꨚꨯ ꨆꨵꨯꩃ
""",
    "Gothic": """
𐌰𐌱𐌲 𐍅𐌿𐌻𐍆𐌹𐌻𐌰
""",
    "Old": """
𐰋𐰃𐰠𐰏𐰀 𐰴𐰍𐰣
""",
}

BY_SCRIPT = {script: tuple(lines.strip("\n").split("\n")) for script, lines in _WRITTEN.items()}

ODD = (
    "No\u00a0Break Smith",
    "Thin\u2009Space",
    "Narrow\u202fNo-Break",
    "Figure\u2007Space En\u2002Em\u2003Space",
    "Ogham\u1680Blank",
    "Math\u205fBlank Hair\u200aBlank",
    "Zero\u200bWidth\u2060Joined\ufeffName",
    "Soft\u00adHyphen",
    "Left\u200eTo\u200fRight \u061cMark",
    "\u202bשרה כהן\u202c and \u2067دانا\u2069",
    "\u202eecila",
    "e\u0301 decomposed Zoe\u0308 O\u0308lkanne",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́O",
    "👩‍👩‍👧‍👦 Family",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f Alice",
    "Heart ❤\ufe0f and ☎\ufe0e",
    "=?utf-8?B?QWxpY2U=?=",
    "=?utf-8?q?Not_Encoded?= Bob",
    "=?",
    "ann@else.test",
    "<script>alert(1)</script>",
    "Ann <ann@else.test>, Eve <eve@else.test>",
    'quote " backslash \\ quote \\"',
    "semi; colon: group: a, b;",
    "(comment) (unbalanced",
    "[list] {{ jinja }} {% raw %} ${var} %s %(name)s",
    "Robert'); DROP TABLE customer;--",
    "percent % under _ star * pipe | amp & bang !",
    "x" * 200,
    "Word " * 39 + "Words",
    "Ö" * 200,
    "山" * 200,
    "\U0001f600" * 200,
    "\U00031350\U000323af new ideographs",
    "\ue000 private \U0010fffd use",
    "ﬁ ﬂ ligatures ①②③ ℌ ½",
    "Ａｎｎ　Ｆｕｌｌｗｉｄｔｈ",
    ".",
    "-",
    "'",
    '"',
    "\\",
    "<>",
    ",",
    "0",
    "null",
    "True",
    "ß",
    "\ufffd",
    "a\u0334\u0338\u20dd",
    "\u0647\u200d\u200c\u200d",
    "ก็้้้้้้้้้้้้้้้้้้้้",
)
"""Blanks, joiners, marks, directions, symbols, what other formats take for syntax, and the longest of each width."""

NAMES = tuple(name for names in BY_SCRIPT.values() for name in names) + ODD

UNSEEN = (
    "",
    " ",
    "\u00a0",
    "\u3000\u3000",
    "\u2009 \u202f",
    "\u200b",
    "\u200c\u200d",
    "\u2060\ufeff",
    "\u00ad",
    "\u034f",
    "\u061c\u200e\u200f",
    "\u202a\u202c",
    "\u2066\u2069",
    "\u115f",
    "\u1160",
    "\u3164",
    "\uffa0",
    "\u17b4\u17b5",
    "\u180b\u180e",
    "\u2800",
    "\u2800\u3164 \u200b",
    "\ufe0f",
    "\U000e0100",
    "\U000e0041\U000e007f",
    "\u0301",
    "\u0301\u0308",
    "\u20dd",
    "\ufffc",
    "\u1680",
    "\u2061",
    "\U0001d173",
)
"""What shows nothing at all."""

FORBIDDEN = (
    "a\x00b",
    "Ann\r\nBcc: eve@else.test",
    "a\tb",
    "a\x7fb",
    "a\x85b",
    "a\x9fb",
    "a\u2028b",
    "a\u2029b",
    "a\ufdd0b",
    "a\ufffeb",
    "a\uffffb",
    "a\U0001fffeb",
    "a\U0010ffffb",
    "\x1b[31mred",
)
"""What holds a character that no text may hold."""
